-- Whose the schema $1 is, and whether this role may make things in it. A superuser may do anything, but what it made
-- would be its own, and the roles that were granted what the owner has could not use it.
select
  owner.rolname as owner,
  has_schema_privilege(namespace.oid, 'create')
    and (owner.rolname = current_user or owner.rolsuper or owner.rolname = 'pg_database_owner' or not me.rolsuper) as may
from pg_namespace as namespace
left join pg_class as ledger on ledger.relnamespace = namespace.oid and ledger.relname = 'schema_migration'
join pg_roles as owner on owner.oid = coalesce(ledger.relowner, namespace.nspowner)
join pg_roles as me on me.rolname = current_user
where namespace.nspname = $1
