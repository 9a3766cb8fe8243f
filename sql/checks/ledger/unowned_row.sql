-- Private rows belong to users with a key and to a processed day; times of taps belong to a pair's day with more than
-- two taps. The next run removes all other rows.
--! table: pair_day
--! says: private rows have a user and a processed day
--! key: key
--! day: day
--! mark_day: day
--! mark_user: nobody
--: broken
with private_row as (
  select 'pair_day' as table_name, pair_day.u1_key, pair_day.u2_key, pair_day.day, null::text as geohash5
  from pair_day
  tablesample system ((select percent from verify_share where table_name = 'pair_day'))
    repeatable ((select seed from verify_share where table_name = 'pair_day'))
  union all
  select 'pair', pair.u1_key, pair.u2_key, pair.last_day, null
  from pair
  tablesample system ((select percent from verify_share where table_name = 'pair'))
    repeatable ((select seed from verify_share where table_name = 'pair'))
  union all
  select 'activity_run', activity_run.user_key, null, activity_run.ended_on, null
  from activity_run
  tablesample system ((select percent from verify_share where table_name = 'activity_run'))
    repeatable ((select seed from verify_share where table_name = 'activity_run'))
  union all
  select 'second_degree', second_degree.user_key, null, null, null
  from second_degree
  tablesample system ((select percent from verify_share where table_name = 'second_degree'))
    repeatable ((select seed from verify_share where table_name = 'second_degree'))
  union all
  select 'friend_list', friend_list.user_key, null, null, null
  from friend_list
  tablesample system ((select percent from verify_share where table_name = 'friend_list'))
    repeatable ((select seed from verify_share where table_name = 'friend_list'))
  union all
  select 'user_cell_day', user_cell_day.user_key, null, user_cell_day.day, user_cell_day.geohash5
  from user_cell_day
  tablesample system ((select percent from verify_share where table_name = 'user_cell_day'))
    repeatable ((select seed from verify_share where table_name = 'user_cell_day'))
  union all
  select 'user_cell', user_cell.user_key, null, user_cell.first_day, user_cell.geohash5
  from user_cell
  tablesample system ((select percent from verify_share where table_name = 'user_cell'))
    repeatable ((select seed from verify_share where table_name = 'user_cell'))
  union all
  select 'area_hour', null, null, area_hour.day, area_hour.geohash5
  from area_hour
  tablesample system ((select percent from verify_share where table_name = 'area_hour'))
    repeatable ((select seed from verify_share where table_name = 'area_hour'))
), unowned as (
  select private_row.table_name, private_row.u1_key, private_row.u2_key, private_row.day, private_row.geohash5
  from private_row
  left join user_key as user1 on user1.user_key = private_row.u1_key
  left join user_key as user2 on user2.user_key = private_row.u2_key
  left join verify_calendar on verify_calendar.day = private_row.day
  where (private_row.u1_key is not null and user1.user_key is null)
    or (private_row.u2_key is not null and user2.user_key is null)
    or (private_row.day is not null and verify_calendar.day is null)
  union all
  select 'pair_day_tap', pair_day_tap.u1_key, pair_day_tap.u2_key, pair_day_tap.day, null
  from pair_day_tap
  tablesample system ((select percent from verify_share where table_name = 'pair_day_tap'))
    repeatable ((select seed from verify_share where table_name = 'pair_day_tap'))
  left join pair_day
    on pair_day.u1_key = pair_day_tap.u1_key
    and pair_day.u2_key = pair_day_tap.u2_key
    and pair_day.day = pair_day_tap.day
    and pair_day.tap_count = cardinality(pair_day_tap.tapped_at) + 2
  where pair_day.day is null
)
select
  concat_ws(
    ', ',
    format('%s: keys %s', unowned.table_name, concat_ws(' and ', unowned.u1_key, unowned.u2_key)),
    'geohash5 ' || unowned.geohash5,
    'day ' || unowned.day
  ) as key,
  unowned.day,
  'row' as column_name,
  'there' as stored,
  'no row' as expected
from unowned
