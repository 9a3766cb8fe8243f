-- A private integer for every user of the batch's valid taps that has none yet.
--! reads: batch_tap, user_key
--! writes: user_key
--! grain: user_id
with tapper as (
  select u1 as user_id from batch_tap where ignored_because is null
  union
  select u2 from batch_tap where ignored_because is null
), newcomer as (
  select tapper.user_id
  from tapper
  left join user_key on user_key.user_id = tapper.user_id
  where user_key.user_id is null
), added as (
  insert into user_key (user_key, user_id)
  select
    coalesce((select max(user_key.user_key) from user_key), 0)
      + row_number() over (order by newcomer.user_id),
    newcomer.user_id
  from newcomer
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
