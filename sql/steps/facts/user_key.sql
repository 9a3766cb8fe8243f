-- A private integer for every user of the batch's valid taps that has none yet.
--! reads: batch_tap, user_key
--! writes: user_key
--! grain: user_id
--! values: user_key
--! order: user_key
with tapper as (
  select u1 as user_id from batch_tap where ignored_because is null
  union
  select u2 from batch_tap where ignored_because is null
)
select
  tapper.user_id,
  (coalesce((select max(user_key.user_key) from user_key), 0) + row_number() over (order by tapper.user_id))::integer
    as user_key
from tapper
left join user_key on user_key.user_id = tapper.user_id
where user_key.user_id is null
  and tapper.user_id is not null
