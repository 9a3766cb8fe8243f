-- The weeks whose boards and sums are looked at as a whole: all, or those of at most 4 of the verified days, fewer
-- where a week has many users.
with amount as (
  select
    case
      when verify_clock.is_full then null
      else greatest(1, least(4, 50000 / (select greatest(1, max(user_key.user_key)) from user_key)))
    end as weeks
  from verify_clock
), chosen as (
  select verify_calendar.week_start, verify_calendar.year, verify_calendar.iso_week
  from verify_day
  join verify_calendar on verify_calendar.day = verify_day.day
  order by hashtextextended(verify_day.day::text, 0)
  limit (select amount.weeks from amount)
)
insert into verify_week (week_start, year, iso_week)
select distinct chosen.week_start, chosen.year, chosen.iso_week
from chosen
