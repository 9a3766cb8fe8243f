-- How many days are processed, and how many of them were derived by other SQL than that with the digest $1. Frozen ones
-- are left out: they stay as they are.
select
  count(*)::integer as days,
  (count(*) filter (where processed_day.steps_sha256 <> $1::text and frozen_day.day is null))::integer as outdated
from processed_day
left join frozen_day on frozen_day.day = processed_day.day
