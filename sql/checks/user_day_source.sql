-- The users of the verified days, against the source: whoever tapped has a row with that many taps, nobody else has one.
--! table: user_day_activity
--! says: users of the verified days, from the source
with expected as (
  select tapper.user_id, source_pair_day.day, sum(source_pair_day.tap_count) as tap_count
  from source_pair_day
  join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
  cross join lateral (values (source_pair_day.u1), (source_pair_day.u2)) as tapper (user_id)
  where source_pair_day.ignored_because is null
  group by tapper.user_id, source_pair_day.day
), stored as (
  select user_day_activity.user_id, user_day_activity.day, user_day_activity.tap_count
  from verify_day
  join user_day_activity on user_day_activity.day = verify_day.day
  where not verify_day.is_stale
)
select
  format('user_id %s, day %s', user_id, day) as key,
  user_id,
  null::uuid as other_id,
  day,
  case when expected.tap_count is null or stored.tap_count is null then 'row' else 'tap_count' end as column_name,
  case
    when stored.tap_count is null then 'missing'
    when expected.tap_count is null then 'there'
    else stored.tap_count::text
  end as stored,
  case
    when expected.tap_count is null then 'no row'
    when stored.tap_count is null then 'there'
    else expected.tap_count::text
  end as expected,
  null::date as mark_day,
  user_id as mark_user
from expected
full join stored using (user_id, day)
where expected.tap_count is distinct from stored.tap_count
