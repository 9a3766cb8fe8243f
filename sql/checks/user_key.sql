-- Every user of the facts has a private key, and nobody else has.
--! table: user_key
--! says: every user with a tap has a key, nobody else
with expected as (
  select expected_pair.u1 as user_id from expected_pair
  union
  select expected_pair.u2 from expected_pair
), expected_user as (
  select expected.user_id
  from expected
  join verify_user on verify_user.user_id = expected.user_id
), stored as (
  select user_key.user_id, user_key.user_key
  from user_key
  join verify_user on verify_user.user_id = user_key.user_id
)
select
  format('user %s', user_id) as key,
  user_id,
  null::uuid as other_id,
  null::date as day,
  'row' as column_name,
  case when stored.user_key is null then 'missing' else 'there' end as stored,
  case when stored.user_key is null then 'there' else 'no row' end as expected,
  case
    when stored.user_key is null
      then (
        select min(expected_pair.first_day)
        from expected_pair
        where user_id in (expected_pair.u1, expected_pair.u2)
      )
  end as mark_day,
  user_id as mark_user
from (select expected_user.user_id, true as is_expected from expected_user) as expected_user
full join stored using (user_id)
where stored.user_key is null
  or expected_user.is_expected is null
