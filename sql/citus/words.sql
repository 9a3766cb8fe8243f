-- What Citus does not keep when it makes the table $1 anew, as statements that bring it back: the comments on the
-- table, its columns, constraints and indexes and on the views that read it, and who may do what with them.
with recursive remade as (
  select $1::text::regclass::oid as relation
  union
  select pg_rewrite.ev_class
  from remade
  join pg_depend
    on pg_depend.classid = 'pg_rewrite'::regclass
    and pg_depend.refclassid = 'pg_class'::regclass
    and pg_depend.refobjid = remade.relation
  join pg_rewrite on pg_rewrite.oid = pg_depend.objid
), named as (
  select
    pg_class.oid as relation,
    format('%I.%I', pg_namespace.nspname, pg_class.relname) as name,
    case when pg_class.relkind = 'v' then 'view' else 'table' end as kind,
    pg_class.relowner,
    pg_class.relacl
  from remade
  join pg_class on pg_class.oid = remade.relation
  join pg_namespace on pg_namespace.oid = pg_class.relnamespace
)
select format('comment on %s %s is %L', named.kind, named.name, obj_description(named.relation, 'pg_class')) as statement
from named
where obj_description(named.relation, 'pg_class') is not null
union all
select
  format(
    'comment on column %s.%I is %L',
    named.name,
    pg_attribute.attname,
    col_description(named.relation, pg_attribute.attnum)
  )
from named
join pg_attribute on pg_attribute.attrelid = named.relation
where col_description(named.relation, pg_attribute.attnum) is not null
union all
select format('comment on index %s is %L', pg_index.indexrelid::regclass, obj_description(pg_index.indexrelid, 'pg_class'))
from named
join pg_index on pg_index.indrelid = named.relation
where obj_description(pg_index.indexrelid, 'pg_class') is not null
union all
select
  format(
    'comment on constraint %I on %s is %L',
    pg_constraint.conname,
    named.name,
    obj_description(pg_constraint.oid, 'pg_constraint')
  )
from named
join pg_constraint on pg_constraint.conrelid = named.relation
where obj_description(pg_constraint.oid, 'pg_constraint') is not null
union all
select
  format(
    'grant %s on %s to %s%s',
    granted.privilege_type,
    named.name,
    case when granted.grantee = 0 then 'public' else granted.grantee::regrole::text end,
    case when granted.is_grantable then ' with grant option' else '' end
  )
from named
cross join lateral aclexplode(named.relacl) as granted
where granted.grantee <> named.relowner
union all
select
  format(
    'grant %s (%I) on %s to %s%s',
    granted.privilege_type,
    pg_attribute.attname,
    named.name,
    case when granted.grantee = 0 then 'public' else granted.grantee::regrole::text end,
    case when granted.is_grantable then ' with grant option' else '' end
  )
from named
join pg_attribute on pg_attribute.attrelid = named.relation
cross join lateral aclexplode(pg_attribute.attacl) as granted
where granted.grantee <> named.relowner
