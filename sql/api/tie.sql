-- Strength of the viewer's ties: a summary over all with a tap in the last 90 days, and the strongest $4 of those whose
-- other user has not opted out. $1 user, $2 user_key, $3 as-of day. 1.983 is the strength of a pair that tapped in each of 13 weeks, last today.
with tie as materialized (
  select edge_strength.u2 as other_user_id, edge_strength.strength_f32, edge_strength.taps_90d,
    least(1, edge_strength.strength_f32 / 1.983::float8) as strength
  from edge_strength
  where edge_strength.u1 = $1::uuid
  union all
  select edge_strength.u1, edge_strength.strength_f32, edge_strength.taps_90d,
    least(1, edge_strength.strength_f32 / 1.983::float8)
  from edge_strength
  where edge_strength.u2 = $1::uuid
), summary as (
  select
    coalesce(avg(tie.strength), 0) as avg_strength,
    (count(*) filter (where tie.strength >= 0.8))::integer as excellent,
    (count(*) filter (where tie.strength >= 0.6 and tie.strength < 0.8))::integer as good,
    (count(*) filter (where tie.strength >= 0.4 and tie.strength < 0.6))::integer as fair,
    (count(*) filter (where tie.strength < 0.4))::integer as needs_attention
  from tie
), strongest as (
  select
    tie.other_user_id,
    coalesce(app_user.name, '') as name,
    tie.strength_f32,
    tie.strength,
    tie.taps_90d
  from tie
  join app_user on app_user.id = tie.other_user_id
  where not app_user.opted_out
  order by tie.strength_f32 desc, tie.other_user_id
  limit $4::integer
), described as (
  select
    strongest.other_user_id,
    strongest.name,
    strongest.strength_f32,
    strongest.strength,
    recent.taps_7d,
    recent.taps_30d,
    strongest.taps_90d,
    $3::date - recent.last_day as days_since_last_tap
  from strongest
  join user_key as other on other.user_id = strongest.other_user_id
  cross join lateral (
    select
      (coalesce(sum(pair_day.tap_count) filter (where pair_day.day > $3::date - 7), 0))::integer as taps_7d,
      (coalesce(sum(pair_day.tap_count) filter (where pair_day.day > $3::date - 30), 0))::integer as taps_30d,
      max(pair_day.day) as last_day
    from pair_day
    where pair_day.u1_key
        = case when strongest.other_user_id < $1::uuid then other.user_key else $2::integer end
      and pair_day.u2_key
        = case when strongest.other_user_id < $1::uuid then $2::integer else other.user_key end
      and pair_day.day between $3::date - 89 and $3::date
  ) as recent
)
select
  summary.avg_strength,
  summary.excellent,
  summary.good,
  summary.fair,
  summary.needs_attention,
  described.other_user_id,
  described.name,
  described.strength_f32,
  described.strength,
  described.taps_7d,
  described.taps_30d,
  described.taps_90d,
  described.days_since_last_tap
from summary
left join described on true
order by described.strength_f32 desc, described.other_user_id
