-- First and latest tap of every pair of the facts.
insert into expected_pair (u1, u2, first_tap_at, first_day, last_tap_at, last_day, tap_count)
select
  fact.u1,
  fact.u2,
  min(fact.first_tap_at),
  (min(fact.first_tap_at) at time zone verify_clock.zone)::date,
  max(fact.last_tap_at),
  (max(fact.last_tap_at) at time zone verify_clock.zone)::date,
  sum(fact.tap_count)
from fact
cross join verify_clock
group by fact.u1, fact.u2, verify_clock.zone
