-- Ties on the 90 days that end with the as-of day, and the two parts of their strength.
-- What it means: docs/semantics.md#ties.
create temp view expected_tie as
select
  recent.u1,
  recent.u2,
  recent.taps_90d,
  recent.last_tap_at,
  recent.last_day,
  recent.age_days,
  0.6 * ln(recent.taps_90d + 1.0::double precision) as often,
  0.4 * exp(-(recent.age_days / 21.0::double precision)) as lately
from (
  select
    fact.u1,
    fact.u2,
    sum(fact.tap_count)::integer as taps_90d,
    max(fact.last_tap_at) as last_tap_at,
    (max(fact.last_tap_at) at time zone verify_clock.zone)::date as last_day,
    verify_clock.as_of_day - (max(fact.last_tap_at) at time zone verify_clock.zone)::date as age_days
  from verify_clock
  join fact on fact.day > verify_clock.as_of_day - 90 and fact.day <= verify_clock.as_of_day
  group by fact.u1, fact.u2, verify_clock.as_of_day, verify_clock.zone
) as recent
where recent.u1 in (select verify_user.user_id from verify_user)
  or recent.u2 in (select verify_user.user_id from verify_user);
