-- A unique index on column $2 alone of the relation with oid $1.
select 1 as found
from pg_index
where indrelid = $1::bigint::oid
  and indisunique
  and indisvalid
  and indpred is null
  and indnkeyatts = 1
  and indkey[0] = $2::int
