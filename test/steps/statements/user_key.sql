-- stage
create temp table stage as
select
  user_id,
  user_key,
  true as is_wanted,
  false as is_stored
from (
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
) as selected;

-- upsert
insert into user_key as target (user_id, user_key)
select stage.user_id, stage.user_key
from stage
where stage.is_wanted
order by stage.user_key
on conflict (user_id) do update set
  user_key = excluded.user_key;
