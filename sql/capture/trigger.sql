-- Capture's triggers with their tables, whether this role may drop them, and whether it may make their functions anew.
select
  class.oid,
  trigger.tgname as name,
  trigger.tgrelid::regclass::text as relation,
  pg_get_userbyid(class.relowner) as owner,
  pg_has_role(class.relowner, 'usage') as may,
  pg_has_role(proc.proowner, 'usage') as may_renew,
  pg_get_userbyid(proc.proowner) as function_owner,
  quote_ident(current_user) as me
from pg_trigger as trigger
join pg_class as class on class.oid = trigger.tgrelid
join pg_proc as proc on proc.oid = trigger.tgfoid
where trigger.tgfoid in (to_regproc('capture_taps'), to_regproc('capture_users'))
