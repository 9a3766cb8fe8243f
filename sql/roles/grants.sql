-- Three roles, each with what it needs and no more. Run it as somebody who may create roles and grant on the
-- application's two tables, before the first migrate and again after each; running it again changes nothing.
--   :"owner"  migrates: owns the schema and reads the two tables, for the views read with their owner's rights
--   :"job"    backfill, etl, verify: writes our tables, and reads the application's only through our views
--   :"reader" the API, dashboards: reads our schema
-- Names are inserted as quoted identifiers, as psql does with variables.

do $$
declare
  wanted text;
begin
  foreach wanted in array array[:'owner', :'job', :'reader'] loop
    if not exists (select 1 from pg_roles where rolname = wanted) then
      execute format('create role %I login', wanted);
    end if;
  end loop;
  -- A role that is no superuser must be a member of the owner to act for it.
  if not pg_has_role(current_user, :'owner', 'usage') then
    execute format('grant %I to %I', :'owner', current_user);
  end if;
end
$$;

grant connect on database :"database" to :"owner", :"job", :"reader";
-- A batch keeps what its steps found changed in temporary tables, verify what it recomputed.
grant temporary on database :"database" to :"job", :"reader";

create schema if not exists :"schema" authorization :"owner";

do $$
declare
  foreign_object text;
  foreign_role text;
begin
  select format('%s %s of %s', kind, name, role), role into foreign_object, foreign_role
  from (
    select 'schema' as kind, nspname::text as name, pg_get_userbyid(nspowner) as role
    from pg_namespace where nspname = :'schema'
    union all
    select 'relation', oid::regclass::text, pg_get_userbyid(relowner)
    from pg_class where relnamespace = :'schema'::regnamespace and relkind in ('r', 'p', 'v', 'S')
  ) as owned
  where role <> :'owner'
  limit 1;
  if foreign_object is not null then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = format(
        'Not everything in schema %s belongs to %s: %s. Whoever migrated owns it: run arc-gam grants --owner %s, or change the owner first (reassign owned, alter ... owner to)',
        :'schema', :'owner', foreign_object, foreign_role
      );
  end if;
end
$$;

-- The owner: the two tables, for its views.
grant usage on schema :"taps_schema", :"users_schema" to :"owner";
grant select on :"taps_schema".:"taps_table", :"users_schema".:"users_table" to :"owner";

-- On a Citus cluster a view's owner does not stand in for whoever reads it: the nodes are asked as that role. And
-- whoever spreads the figures makes a schema for each shard.
do $$
begin
  if exists (select 1 from pg_extension where extname = 'citus') then
    grant usage on schema :"taps_schema", :"users_schema" to :"job", :"reader";
    grant select on :"taps_schema".:"taps_table", :"users_schema".:"users_table" to :"job", :"reader";
    grant create on database :"database" to :"owner";
  end if;
end
$$;

-- The job: our tables and views (truncate: backfill --rebuild), and those that a later migration adds. It has no right
-- on the application's tables, except on a cluster.
grant usage on schema :"schema" to :"job", :"reader";
grant select, insert, update, delete, truncate on all tables in schema :"schema" to :"job";
alter default privileges for role :"owner" in schema :"schema"
  grant select, insert, update, delete, truncate on tables to :"job";

-- The reader.
grant select on all tables in schema :"schema" to :"reader";
alter default privileges for role :"owner" in schema :"schema" grant select on tables to :"reader";

-- What only the owner writes: the views (a simple one is writable with its owner's rights), migrate's notes, the
-- quests, the gazetteer.
do $$
declare
  relation regclass;
begin
  for relation in
    select oid from pg_class
    where relnamespace = :'schema'::regnamespace
      and relkind in ('r', 'p', 'v')
      and (
        relkind = 'v'
        or relname in ('schema_migration', 'schema_file', 'quest_definitions')
        or relname like 'gazetteer\_%'
      )
  loop
    execute format('revoke insert, update, delete, truncate on %s from %I', relation, :'job');
  end loop;
end
$$;

-- Of a grant that this role may not make Postgres only warns, where it may do something with the object at all.
do $$
declare
  missing text;
begin
  select string_agg(wanted.what, ', ') into missing
  from (
    values
      (
        format('connecting to database %s', :'database'),
        has_database_privilege(:'owner', :'database', 'connect')
          and has_database_privilege(:'job', :'database', 'connect')
          and has_database_privilege(:'reader', :'database', 'connect')
      ),
      (
        format('temporary tables in database %s', :'database'),
        has_database_privilege(:'job', :'database', 'temporary')
          and has_database_privilege(:'reader', :'database', 'temporary')
      ),
      (format('usage of schema %s', :'taps_schema'), has_schema_privilege(:'owner', :'taps_schema', 'usage')),
      (
        format('select on %s.%s', :'taps_schema', :'taps_table'),
        has_table_privilege(:'owner', format('%I.%I', :'taps_schema', :'taps_table'), 'select')
      ),
      (format('usage of schema %s', :'users_schema'), has_schema_privilege(:'owner', :'users_schema', 'usage')),
      (
        format('select on %s.%s', :'users_schema', :'users_table'),
        has_table_privilege(:'owner', format('%I.%I', :'users_schema', :'users_table'), 'select')
      )
  ) as wanted (what, is_there)
  where not wanted.is_there;
  if missing is not null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('%s may not pass on %s', current_user, missing);
  end if;
end
$$;
