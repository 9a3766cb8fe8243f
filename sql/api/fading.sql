-- Ties of at least 3 active days whose silence exceeds the greater of 14 days and 2.5 times their median gap, those that
-- exceed it by the largest factor first. $1 user_key of the viewer, $2 as-of day.
with quiet as (
  select pair.u1_key, pair.u2_key, pair.u2_key as other_key, pair.last_day
  from pair
  where pair.u1_key = $1::integer and pair.tap_count > 2 and pair.last_day < $2::date - 14
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key, pair.last_day
  from pair
  where pair.u2_key = $1::integer and pair.tap_count > 2 and pair.last_day < $2::date - 14
), gap as (
  select
    quiet.other_key,
    quiet.last_day,
    pair_day.day - lag(pair_day.day) over (partition by quiet.other_key order by pair_day.day) as days
  from quiet
  join pair_day on pair_day.u1_key = quiet.u1_key and pair_day.u2_key = quiet.u2_key
), usual as (
  select
    gap.other_key,
    $2::date - gap.last_day as silence_days,
    percentile_cont(0.5) within group (order by gap.days) as gap_days
  from gap
  where gap.days is not null
  group by gap.other_key, gap.last_day
  having count(*) >= 2
)
select
  other.user_id as other_user_id,
  coalesce(app_user.name, '') as name,
  usual.gap_days as usual_gap_days,
  usual.silence_days as days_since_last_tap
from usual
join user_key as other on other.user_key = usual.other_key
join app_user on app_user.id = other.user_id
where usual.silence_days > greatest(14, 2.5 * usual.gap_days)
  and not app_user.opted_out
order by usual.silence_days / greatest(14, 2.5 * usual.gap_days) desc, other.user_id
