-- What whoever may write the ledger needs to run steps in the shards of the schema $1, as statements.
with writer as (
  select distinct granted.grantee::regrole::text as name
  from pg_class
  cross join lateral aclexplode(pg_class.relacl) as granted
  where pg_class.oid = format('%I.processed_day', $1::text)::regclass
    and granted.privilege_type = 'INSERT'
    and granted.grantee <> pg_class.relowner
    and granted.grantee <> 0
)
select format('grant select, update on %I.figure_shard to %s', $1::text, writer.name) as statement
from writer
union all
select format('grant usage, create on schema %I to %s', pg_namespace.nspname, writer.name)
from writer
join pg_namespace
  on left(pg_namespace.nspname, length($1::text) + 1) = $1::text || '_'
  and substr(pg_namespace.nspname, length($1::text) + 2) ~ '^([0-9]+|batch)$'
