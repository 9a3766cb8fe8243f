-- What is there on a cluster over which the figures are spread, besides the figures: the shards' numbers, whose figures
-- are in which, and how statements are run in them. Each statement by itself.

--: table
create table {{schema}}.figure_shard (shard integer primary key, shard_no integer not null)

--: distribute
select create_distributed_table('{{schema}}.figure_shard', 'shard', colocate_with => 'none')

--: fill (of each shard the least number that is kept there)
insert into {{schema}}.figure_shard (shard, shard_no)
select
  (
    select number.shard
    from generate_series(1, 1000000) as number (shard)
    where worker_hash(number.shard) between ranges.least and ranges.greatest
    limit 1
  ),
  ranges.shard_no
from (
  select
    pg_dist_shard.shardminvalue::integer as least,
    pg_dist_shard.shardmaxvalue::integer as greatest,
    (row_number() over (order by pg_dist_shard.shardminvalue::integer) - 1)::integer as shard_no
  from pg_dist_shard
  where pg_dist_shard.logicalrelid = '{{schema}}.figure_shard'::regclass
) as ranges

--: shard_of
create function {{schema}}.shard_of(user_id uuid) returns integer
language sql immutable parallel safe
return (array[{{shards}}])[1 + (uuid_hash_extended(user_id, 0) & 2147483647) % {{count}}]

--: enter_shard
create function {{schema}}.enter_shard(beforehand text, shard_no integer) returns void
language plpgsql
as $$
begin
  perform set_config('search_path', format('%I, %I', '{{name}}_' || shard_no, '{{name}}'), true);
  -- Without it the tables themselves would be taken for those of the shard.
  if current_schema() is distinct from '{{name}}_' || shard_no then
    raise exception 'the schema {{name}}_% is missing on this node', shard_no
      using hint = 'Fetch the figures back and spread them again: arc-gam distribute --undo, then arc-gam distribute';
  end if;
  if beforehand <> '' then
    execute beforehand;
  end if;
end
$$

--: run_on_shard
create function {{schema}}.run_on_shard(beforehand text, statement text, parameters text[], shard_no integer)
returns bigint
language plpgsql
as $$
declare
  row_count bigint;
begin
  perform {{schema}}.enter_shard(beforehand, shard_no);
  if cardinality(parameters) = 0 then
    execute statement;
  else
    execute statement using parameters[1], parameters[2], parameters[3], parameters[4];
  end if;
  get diagnostics row_count = row_count;
  return row_count;
end
$$

--: rows_on_shard
create function {{schema}}.rows_on_shard(beforehand text, statement text, shard_no integer) returns setof text[]
language plpgsql
as $$
begin
  perform {{schema}}.enter_shard(beforehand, shard_no);
  return query execute statement;
end
$$

--: comments
comment on table {{schema}}.figure_shard is 'The shards that the figures are spread over: of each the number that its rows have in the column shard.';
comment on column {{schema}}.figure_shard.shard is 'What the rows of a shard have in their column shard.';
comment on column {{schema}}.figure_shard.shard_no is 'The shards, counted from 0.';
comment on function {{schema}}.shard_of(uuid) is 'In which shard the figures of a user are: what their rows have in the column shard.';
comment on function {{schema}}.enter_shard(text, integer) is 'Has the tables of a shard be found under their names, and runs statements that others take along.';
comment on function {{schema}}.run_on_shard(text, text, text[], integer) is 'Runs a statement of a step beside the rows of a shard, after others that it takes.';
comment on function {{schema}}.rows_on_shard(text, text, integer) is 'What a statement finds in a shard, each row as an array of texts.';
