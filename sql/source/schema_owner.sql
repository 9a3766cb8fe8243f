-- Whose the schema $1 is, whether this role may go on as the owner, which is another, and whether it may as itself:
-- what it made would be its own, and the roles that were granted what the owner has could not use it. A schema of the
-- database's owner, such as public, and one of a superuser are used as they are.
select
  owner.rolname as owner,
  me.rolname as me,
  owned.is_other and pg_has_role(me.oid, owner.oid, owned.privilege) as may_act,
  not owned.is_other and has_schema_privilege(namespace.oid, 'create') as may
from pg_namespace as namespace
left join pg_class as ledger on ledger.relnamespace = namespace.oid and ledger.relname = 'schema_migration'
join pg_roles as owner on owner.oid = coalesce(ledger.relowner, namespace.nspowner)
join pg_roles as me on me.rolname = current_user
cross join lateral (
  select
    owner.oid <> me.oid and not owner.rolsuper and owner.rolname <> 'pg_database_owner' as is_other,
    case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end as privilege
) as owned
where namespace.nspname = $1
