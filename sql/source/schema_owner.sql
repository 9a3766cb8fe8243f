-- Who owns the schema $1, and whether this role may make things in it.
select pg_get_userbyid(nspowner) as owner, has_schema_privilege(oid, 'create') as may
from pg_namespace
where nspname = $1
