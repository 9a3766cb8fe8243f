-- Weeks exist in the calendar and touch a processed day: there is no week 53 in most years.
--! table: user_week_activity
--! says: every stored week is one of the processed days'
with processed_week as (
  select distinct
    extract(isoyear from processed_day.day)::integer as year,
    extract(week from processed_day.day)::integer as iso_week
  from processed_day
), stored as (
  select 'user_week_activity' as table_name, user_id, year, iso_week, week_start from user_week_activity
  union all
  select 'weekly_leaderboard', user_id, year, iso_week, week_start from weekly_leaderboard
)
select
  format('%s: user_id %s, year %s, iso_week %s', stored.table_name, stored.user_id, stored.year, stored.iso_week) as key,
  stored.user_id,
  null::uuid as other_id,
  stored.week_start as day,
  'row' as column_name,
  'there' as stored,
  'no row' as expected,
  null::date as mark_day,
  stored.user_id as mark_user
from stored
left join processed_week on processed_week.year = stored.year and processed_week.iso_week = stored.iso_week
where processed_week.year is null
