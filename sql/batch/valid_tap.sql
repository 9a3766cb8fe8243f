-- How many valid taps the batch read, which its first steps wrote down.
select coalesce(sum(processed_day.tap_count), 0)::float8 as taps
from processed_day
join batch_day on batch_day.day = processed_day.day and not batch_day.is_frozen
