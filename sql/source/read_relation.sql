-- The relations that the views tap and app_user of the schema $1 read, by the names that they have now.
select distinct
  view.relname::text as view,
  target.oid,
  format('%s.%s', target_space.nspname, target.relname) as name
from pg_class as view
join pg_namespace as view_space on view_space.oid = view.relnamespace
join pg_rewrite on pg_rewrite.ev_class = view.oid
join pg_depend
  on pg_depend.classid = 'pg_rewrite'::regclass
  and pg_depend.objid = pg_rewrite.oid
  and pg_depend.refclassid = 'pg_class'::regclass
  and pg_depend.refobjid <> view.oid
join pg_class as target on target.oid = pg_depend.refobjid
join pg_namespace as target_space on target_space.oid = target.relnamespace
where view_space.nspname = $1 and view.relname in ('tap', 'app_user')
order by 1, 3
