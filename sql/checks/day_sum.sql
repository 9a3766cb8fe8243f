-- Every tap has two ends: the taps of a day's users are twice the day's valid taps, and a day outside of P has none.
--! table: user_day_activity
--! says: a day's users have twice its taps, from the ledger
select
  format('day %s', day) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  day,
  'tap_count' as column_name,
  coalesce(user_sum.tap_count, 0)::text as stored,
  case
    when processed_day.day is null then '0, the day is not processed'
    else (2 * processed_day.tap_count)::text
  end as expected,
  case when processed_day.day is not null then day end as mark_day,
  case when processed_day.day is null then user_sum.any_user_id end as mark_user
from (select processed_day.day, processed_day.tap_count from processed_day) as processed_day
full join (
  select
    user_day_activity.day,
    sum(user_day_activity.tap_count) as tap_count,
    (array_agg(user_day_activity.user_id))[1] as any_user_id
  from user_day_activity
  group by user_day_activity.day
) as user_sum using (day)
where coalesce(user_sum.tap_count, 0) <> 2 * coalesce(processed_day.tap_count, 0)
