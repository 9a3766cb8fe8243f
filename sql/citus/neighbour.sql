-- A distributed table of the schema $1 whose distribution column has the type of the column $3 of the table $2.
select format('%I.%I', $1::text, pg_class.relname) as name
from pg_class
join pg_dist_partition on pg_dist_partition.logicalrelid = pg_class.oid and pg_dist_partition.partmethod = 'h'
join pg_attribute as own_column
  on own_column.attrelid = pg_class.oid
  and own_column.attname = column_to_column_name(pg_dist_partition.logicalrelid, pg_dist_partition.partkey)
join pg_attribute as wanted_column
  on wanted_column.attrelid = format('%I.%I', $1::text, $2::text)::regclass
  and wanted_column.attname = $3::text
  and wanted_column.atttypid = own_column.atttypid
where pg_class.relnamespace = $1::text::regnamespace
order by pg_class.relname
limit 1
