-- How many frozen days were derived by other SQL than that with the digest $1, and stay so.
select count(*)::integer as days
from frozen_day
join processed_day on processed_day.day = frozen_day.day
where processed_day.steps_sha256 <> $1::text
