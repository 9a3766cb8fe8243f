-- Who is named by taps of unknown users on the verified days, against the source, and no row of a day that is not
-- processed. Stale days are told apart.
--! table: unknown_user_day
--! says: days with taps of unknown users, from the source
with expected as (
  select distinct
    source_pair_day.day,
    uuid_hash_extended(stranger.user_id, 0) as user_hash,
    stranger.is_known
  from source_pair_day
  join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
  cross join lateral (
    values (source_pair_day.u1, source_pair_day.unknown_sides = 2), (source_pair_day.u2, source_pair_day.unknown_sides = 1)
  ) as stranger (user_id, is_known)
  where source_pair_day.ignored_because = 'unknown user'
), stored as (
  select unknown_user_day.day, unknown_user_day.user_hash, unknown_user_day.is_known
  from verify_day
  join unknown_user_day on unknown_user_day.day = verify_day.day
  where not verify_day.is_stale
  union all
  select unknown_user_day.day, unknown_user_day.user_hash, unknown_user_day.is_known
  from unknown_user_day
  left join processed_day on processed_day.day = unknown_user_day.day
  where processed_day.day is null
), compared as (
  select
    day,
    user_hash,
    case expected.is_known when true then 'a user' when false then 'a stranger' else 'no row' end as expected,
    case stored.is_known when true then 'a user' when false then 'a stranger' else 'missing' end as stored
  from expected
  full join stored using (day, user_hash)
)
select
  format('day %s, user_hash %s', compared.day, compared.user_hash) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  compared.day,
  'row' as column_name,
  compared.stored,
  compared.expected,
  processed_day.day as mark_day,
  case when processed_day.day is null then uuid '00000000-0000-0000-0000-000000000000' end as mark_user
from compared
left join processed_day on processed_day.day = compared.day
where (compared.expected, compared.stored) not in (('a user', 'a user'), ('a stranger', 'a stranger'))
