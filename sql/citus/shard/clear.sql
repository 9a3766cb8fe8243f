-- Takes away all that is in the schema of a shard: it holds nothing but what a batch makes there.
do $$
declare
  made record;
begin
  for made in
    select pg_class.relname, pg_class.relkind
    from pg_class
    where pg_class.relnamespace = current_schema()::regnamespace and pg_class.relkind in ('r', 'v')
  loop
    execute format(
      'drop %s if exists %I.%I cascade',
      case made.relkind when 'v' then 'view' else 'table' end, current_schema(), made.relname
    );
  end loop;
end
$$
