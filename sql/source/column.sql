-- The columns of the relation with oid $1.
select attname as name, attnum::int as number, format_type(atttypid, null) as type
from pg_attribute
where attrelid = $1::bigint::oid
  and attnum > 0
  and not attisdropped
order by attnum
