-- Verified days whose source changed since they were processed: late, edited or deleted taps, erased users. What is
-- stored is not wrong but out of date; the next etl updates it.
--! table: processed_day
--! says: the source is what it was when its days were processed
--! weight: stale
--! key: day
--! day: day
--! mark_day: day
--: broken
select
  verify_day.day,
  'tap_count' as column_name,
  processed_day.tap_count::text as stored,
  case
    when verify_day.is_frozen then format('%s less those of erased people', processed_day.tap_count)
    when coalesce(source_day.tap_count, 0) = processed_day.tap_count then format('%s, other ones', processed_day.tap_count)
    else coalesce(source_day.tap_count, 0)::text
  end as expected
from verify_day
join processed_day on processed_day.day = verify_day.day
left join (
  select source_pair_day.day, sum(source_pair_day.tap_count) as tap_count
  from source_pair_day
  where source_pair_day.ignored_because is null
  group by source_pair_day.day
) as source_day on source_day.day = verify_day.day
where verify_day.is_stale
