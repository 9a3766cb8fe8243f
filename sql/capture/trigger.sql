-- Capture's triggers, and whether this role may drop them.
select
  trigger.tgname as name,
  trigger.tgrelid::regclass::text as relation,
  pg_get_userbyid(class.relowner) as owner,
  pg_has_role(class.relowner, 'usage') as may
from pg_trigger as trigger
join pg_class as class on class.oid = trigger.tgrelid
where trigger.tgfoid in (to_regproc('capture_taps'), to_regproc('capture_users'))
