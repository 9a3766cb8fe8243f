-- The keys of the table $1, as statements that take them away and make them again: with the column shard ($2 'true'),
-- which is what rows are distributed by and must therefore be in every key, or without it.
select
  case
    when pg_constraint.oid is null then format('drop index %s', pg_index.indexrelid::regclass)
    else format('alter table %s drop constraint %I', pg_index.indrelid::regclass, pg_constraint.conname)
  end as drop_statement,
  case
    when pg_constraint.oid is null then keyed.definition
    else format('alter table %s add constraint %I %s', pg_index.indrelid::regclass, pg_constraint.conname, keyed.definition)
  end as create_statement
from pg_index
left join pg_constraint on pg_constraint.conindid = pg_index.indexrelid and pg_constraint.contype in ('p', 'u')
cross join lateral (
  select coalesce(pg_get_constraintdef(pg_constraint.oid), pg_get_indexdef(pg_index.indexrelid)) as text
) as known
cross join lateral (
  select
    case
      when $2::text::boolean then regexp_replace(known.text, '^([^(]*\([^)]*)\)', '\1, shard)')
      else replace(known.text, ', shard)', ')')
    end as definition
) as keyed
where pg_index.indrelid = $1::text::regclass
  and pg_index.indisunique
