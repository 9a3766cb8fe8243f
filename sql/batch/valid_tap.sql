-- How many valid taps the batch read.
select coalesce(sum(batch_tap.tap_count), 0)::float8 as taps
from batch_tap
join batch_day on batch_day.day = batch_tap.day and not batch_day.is_frozen
where batch_tap.ignored_because is null
