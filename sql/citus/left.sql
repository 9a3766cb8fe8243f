-- The tables that are not where they would be once some of them are spread: see placed.sql, which is filled in.
-- $1 schema.
{{placed}}
select placed.table_name as name
from placed
where placed.placement <> 'local'
  and placed.placement_now <> placed.placement
  and exists (select 1 from placed as other where other.placement_now <> 'local')
order by placed.table_name
