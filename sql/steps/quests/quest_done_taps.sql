-- When the users tapped on the days of which it matters: every tap for the metric taps, the first of the day for the
-- metrics active_days and streak_days.
--! reads: quest_pair_day, pair_day_tap
--! writes: quest_done_event
--! grain: metric, user_key, tapped_at
--! spread: by_user
select
  'active_days' as metric,
  quest_pair_day.user_key,
  week_number(quest_pair_day.day) as week,
  quest_pair_day.day,
  min(quest_pair_day.first_tap_at) as tapped_at
from quest_pair_day
group by quest_pair_day.user_key, quest_pair_day.day
union all
select 'taps', timed.user_key, week_number(timed.day), timed.day, timed.tapped_at
from (
  select quest_pair_day.user_key, quest_pair_day.day, quest_pair_day.first_tap_at as tapped_at
  from quest_pair_day
  where quest_pair_day.is_every_tap
  union all
  select quest_pair_day.user_key, quest_pair_day.day, middle.tapped_at
  from quest_pair_day
  join pair_day_tap
    on pair_day_tap.u1_key = quest_pair_day.u1_key
    and pair_day_tap.u2_key = quest_pair_day.u2_key
    and pair_day_tap.day = quest_pair_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as middle (tapped_at)
  where quest_pair_day.is_every_tap
    and quest_pair_day.tap_count > 2
  union all
  select quest_pair_day.user_key, quest_pair_day.day, quest_pair_day.last_tap_at
  from quest_pair_day
  where quest_pair_day.is_every_tap
    and quest_pair_day.tap_count > 1
) as timed
