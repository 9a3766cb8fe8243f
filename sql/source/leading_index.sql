-- An index of the relation with oid $1 that leads with column $2.
select 1 as found
from pg_index
where indrelid = $1::bigint::oid
  and indisvalid
  and indpred is null
  and indkey[0] = $2::int
