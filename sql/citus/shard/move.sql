-- Gives a table of ours the column by which its rows are spread, before it is distributed. Facts of two users are kept
-- with both.

--: column
alter table {{table}} add column shard integer

--: by_key
update {{table}} as target set shard = {{schema}}.shard_of(user_key.user_id)
from {{schema}}.user_key
where user_key.user_key = target.{{user}}

--: by_id
update {{table}} set shard = {{schema}}.shard_of({{user}})

--: nobody (in any)
update {{table}} set shard = {{first}} where shard is null

--: copy_table
create table {{schema}}.{{copy}} (like {{table}} including all)

--: copy_rows
insert into {{schema}}.{{copy}} ({{columns}}, shard)
select {{target_columns}}, {{schema}}.shard_of(user_key.user_id)
from {{table}} as target
join {{schema}}.user_key on user_key.user_key = target.u2_key
where {{schema}}.shard_of(user_key.user_id) <> target.shard
