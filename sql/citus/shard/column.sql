-- The columns of the table $1 in their order, with their types; is_given: not computed from others.
select
  pg_attribute.attname::text as name,
  format_type(pg_attribute.atttypid, pg_attribute.atttypmod) as type,
  pg_attribute.attgenerated = '' as is_given
from pg_attribute
where pg_attribute.attrelid = $1::text::regclass
  and pg_attribute.attnum > 0
  and not pg_attribute.attisdropped
order by pg_attribute.attnum
