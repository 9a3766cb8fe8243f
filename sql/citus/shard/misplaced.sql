-- Rows that are not in the shard of their user, and facts of two users that are not kept with both as they should be:
-- a step would not see them. Over copies of the tables, for whoever verifies. Each statement by itself.

--: table
create temp table misplaced_row (key text, day date, user_id uuid, stored text, expected text) on commit drop

--: copies
create temp table {{copy}} on commit drop as select {{copy}}.* from {{schema}}.{{copy}}

--: by_key
insert into misplaced_row (key, user_id, stored, expected)
select format('{{table}}: %s', user_key.user_id), user_key.user_id, placed.shard::text, shard_of(user_key.user_id)::text
from (select distinct {{user}} as user_key, shard from {{table}}) as placed
join user_key on user_key.user_key = placed.user_key
where placed.shard <> shard_of(user_key.user_id)

--: by_id
insert into misplaced_row (key, user_id, stored, expected)
select format('{{table}}: %s', placed.user_id), placed.user_id, placed.shard::text, shard_of(placed.user_id)::text
from (select distinct {{user}} as user_id, shard from {{table}}) as placed
where placed.shard <> shard_of(placed.user_id)

--: twice (what should be copied, and what is)
insert into misplaced_row (key, day, user_id, stored, expected)
select
  format('{{copy}}: %s, %s, shard %s', unlike.u1_key, unlike.u2_key, unlike.shard),
  {{day}},
  user_key.user_id,
  case when bool_or(unlike.is_copied) then 'a copy' else 'no copy' end,
  case when bool_and(not unlike.is_copied) then 'a copy' when bool_and(unlike.is_copied) then 'no copy' else 'another copy' end
from (
  (
    select {{columns}}, shard_of(user_key.user_id) as shard, false as is_copied
    from {{table}}
    join user_key on user_key.user_key = {{table}}.u2_key
    where shard_of(user_key.user_id) <> {{table}}.shard
    except all
    select {{columns}}, {{table}}.shard, false from {{copy}} as {{table}}
  )
  union all
  (
    select {{columns}}, {{table}}.shard, true from {{copy}} as {{table}}
    except all
    select {{columns}}, shard_of(user_key.user_id), true
    from {{table}}
    join user_key on user_key.user_key = {{table}}.u2_key
    where shard_of(user_key.user_id) <> {{table}}.shard
  )
) as unlike
left join user_key on user_key.user_key = unlike.u2_key
group by unlike.u1_key, unlike.u2_key, unlike.shard, user_key.user_id, {{day}}
