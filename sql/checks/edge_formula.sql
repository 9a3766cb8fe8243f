-- Strength of every edge by its formula from its own row, within the 90 days. $1 zone, $2 as-of day.
--! table: edge_strength
--! says: every strength by its formula, in its range
--! params: zone, as_of_day
with aged as (
  select
    edge_strength.u1,
    edge_strength.u2,
    edge_strength.strength_f32,
    edge_strength.last_tap_at,
    edge_strength.taps_90d,
    $2::date - (edge_strength.last_tap_at at time zone $1::text)::date as age_days
  from edge_strength
), formula as (
  select
    aged.u1,
    aged.u2,
    aged.strength_f32,
    aged.last_tap_at,
    aged.age_days,
    case
      when aged.age_days between 0 and 89
        then (0.6 * ln(aged.taps_90d + 1.0::double precision) + 0.4 * exp(-(aged.age_days / 21.0::double precision)))::real
    end as expected_strength
  from aged
)
select
  format('u1 %s, u2 %s', formula.u1, formula.u2) as key,
  formula.u1 as user_id,
  formula.u2 as other_id,
  null::date as day,
  case when formula.expected_strength is null then 'last_tap_at' else 'strength_f32' end as column_name,
  case when formula.expected_strength is null then formula.last_tap_at::text else formula.strength_f32::text end as stored,
  case
    when formula.expected_strength is null then format('a time on the 90 days up to %s', $2::date)
    else formula.expected_strength::text
  end as expected,
  null::date as mark_day,
  formula.u1 as mark_user
from formula
where formula.expected_strength is null
  or not abs(formula.strength_f32 - formula.expected_strength) <= 2e-7 * formula.expected_strength
