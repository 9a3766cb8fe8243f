-- First and latest tap of every pair of the facts.
insert into expected_pair (u1, u2, first_tap_at, first_day, last_tap_at, last_day, tap_count)
select
  fact.u1,
  fact.u2,
  min(fact.first_tap_at),
  min(fact.day),
  max(fact.last_tap_at),
  max(fact.day),
  sum(fact.tap_count)
from fact
group by fact.u1, fact.u2
