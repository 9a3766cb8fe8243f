-- Revokes the right to write from everybody but the owner on what only migrate writes: the views and its own notes.
-- Default privileges can't tell a view from a table, and a simple view is writable with the rights of its owner:
-- a role that may write to our tables would write to the application's through it.
-- Runs with the target schema first in the search path; only the owner may run it.
do $$
declare
  granted record;
begin
  for granted in
    select
      class.oid::regclass as relation,
      pg_get_userbyid(held.grantee) as role
    from pg_class as class
    cross join lateral aclexplode(class.relacl) as held
    where class.relnamespace = (select oid from pg_namespace where nspname = current_schema())
      and (class.relkind = 'v' or class.relname in ('schema_migration', 'schema_file'))
      and held.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
      and held.grantee not in (class.relowner, 0)
    group by class.oid, held.grantee
  loop
    execute format('revoke insert, update, delete, truncate on %s from %I', granted.relation, granted.role);
  end loop;
end
$$
