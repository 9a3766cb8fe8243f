-- Why statement triggers on the table with oid $1 would miss rows, in words; null: they see all. And whether this role
-- may make them. A statement fires the triggers of the table that it names, not those of the parts or the parent whose
-- rows it writes; the worker of a subscription fires none for a statement.
select
  case
    when class.relkind <> 'r' then 'is not a plain table'
    when exists (select 1 from pg_inherits where pg_inherits.inhrelid = class.oid)
      then 'is a part of another table'
    when exists (select 1 from pg_inherits where pg_inherits.inhparent = class.oid)
      then 'has tables that inherit from it'
    when exists (select 1 from pg_subscription_rel where pg_subscription_rel.srrelid = class.oid)
      then 'is filled by a subscription'
  end as why_not,
  has_table_privilege(class.oid, 'trigger') as may,
  current_user::text as role
from pg_class as class
where class.oid = $1::bigint::oid
