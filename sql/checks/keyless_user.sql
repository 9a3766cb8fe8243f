-- Whoever has a rollup has a key, and so a tap.
--! table: user_streaks
--! says: whoever has a streak has a tap, and the other way round
select
  format('user_id %s', user_id) as key,
  user_id,
  null::uuid as other_id,
  null::date as day,
  'row' as column_name,
  case when user_streaks.current_streak_days is null then 'missing' else 'there' end as stored,
  case when user_streaks.current_streak_days is null then 'there' else 'no row' end as expected,
  null::date as mark_day,
  user_id as mark_user
from user_streaks
full join user_key using (user_id)
where user_streaks.current_streak_days is null
  or user_key.user_key is null
