-- The weeks whose boards and sums are looked at as a whole: all, or those of at most 12 of the verified days.
-- $1 all weeks.
with chosen as (
  select verify_day.day
  from verify_day
  where not $1::boolean
  order by hashtextextended(verify_day.day::text, 0)
  limit 12
), monday as (
  select chosen.day - ((chosen.day - date '2001-01-01') % 7 + 7) % 7 as week_start
  from chosen
  union
  select processed_day.day - ((processed_day.day - date '2001-01-01') % 7 + 7) % 7
  from processed_day
  where $1::boolean
)
insert into verify_week (week_start, year, iso_week)
select
  monday.week_start,
  extract(isoyear from monday.week_start),
  extract(week from monday.week_start)
from monday
