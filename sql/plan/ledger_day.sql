-- The processed days of the ledger, and which of them were derived by other SQL ($1: digest of this version's) or are
-- marked.
select
  processed_day.day,
  processed_day.tap_count,
  processed_day.steps_sha256 <> $1::text as is_outdated,
  exists (select 1 from stale_mark where stale_mark.day = processed_day.day) as is_marked
from processed_day
order by processed_day.day
