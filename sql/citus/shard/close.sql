-- Takes away what open.sql made, once no figure is spread any more.
drop function {{schema}}.rows_on_shard(text, text, integer);
drop function {{schema}}.run_on_shard(text, text, text[], integer);
drop function {{schema}}.enter_shard(text, integer);
drop function {{schema}}.shard_of(uuid);
drop table {{schema}}.figure_shard;
