-- Which of the verified days changed in the source since they were processed: what is stored can't be compared with
-- them.
with source_day as (
  select
    source_pair_day.day,
    sum(source_pair_day.tap_count) filter (where source_pair_day.ignored_because is null) as tap_count,
    sum(source_pair_day.tap_digest) as tap_digest,
    sum(source_pair_day.tap_digest * source_pair_day.unknown_sides) as stranger_digest,
    sum(source_pair_day.tap_count) filter (where source_pair_day.ignored_because = 'null id') as null_id_count,
    sum(source_pair_day.tap_count) filter (where source_pair_day.ignored_because = 'self tap') as self_tap_count,
    sum(source_pair_day.tap_count) filter (where source_pair_day.ignored_because = 'unknown user') as unknown_user_count
  from source_pair_day
  group by source_pair_day.day
)
update verify_day
set is_stale = true
from processed_day
left join source_day on source_day.day = processed_day.day
where processed_day.day = verify_day.day
  and not verify_day.is_frozen
  and (
    coalesce(source_day.tap_count, 0),
    coalesce(source_day.tap_digest, 0),
    coalesce(source_day.stranger_digest, 0),
    coalesce(source_day.null_id_count, 0),
    coalesce(source_day.self_tap_count, 0),
    coalesce(source_day.unknown_user_count, 0)
  ) is distinct from (
    processed_day.tap_count::bigint,
    processed_day.tap_digest,
    processed_day.stranger_digest,
    processed_day.null_id_count::bigint,
    processed_day.self_tap_count::bigint,
    processed_day.unknown_user_count::bigint
  )
