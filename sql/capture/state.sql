-- Whether all of capture's triggers ($1: how many there should be) exist and are enabled on the tables that the views
-- read, no rows are written past them, as in table.sql, and the views read nothing else. Otherwise changes may have
-- gone unnoticed.
select
  count(*)::integer = $1::integer
    and not exists (
      select 1
      from pg_depend
      join pg_rewrite on pg_rewrite.oid = pg_depend.objid
      where pg_rewrite.ev_class in (to_regclass('tap'), to_regclass('app_user'))
        and pg_depend.classid = 'pg_rewrite'::regclass
        and pg_depend.refclassid = 'pg_class'::regclass
        and pg_depend.refobjid <> pg_rewrite.ev_class
      group by pg_rewrite.ev_class
      having count(distinct pg_depend.refobjid) > 1
    ) as is_complete
from pg_trigger
join pg_class on pg_class.oid = pg_trigger.tgrelid
where pg_trigger.tgname like 'arc\_gam\_capture\_%'
  and pg_trigger.tgenabled in ('O', 'A')
  and pg_trigger.tgfoid in (to_regproc('capture_taps'), to_regproc('capture_users'))
  and exists (
    select 1
    from pg_depend
    join pg_rewrite on pg_rewrite.oid = pg_depend.objid
    where pg_rewrite.ev_class in (to_regclass('tap'), to_regclass('app_user'))
      and pg_depend.refobjid = pg_trigger.tgrelid
  )
  and not exists (
    select 1
    from pg_inherits
    where pg_inherits.inhrelid = pg_trigger.tgrelid or pg_inherits.inhparent = pg_trigger.tgrelid
  )
  and not exists (select 1 from pg_subscription_rel where pg_subscription_rel.srrelid = pg_trigger.tgrelid)
