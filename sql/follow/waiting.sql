-- Whether there is anything to count: one cheap statement, asked every second. $1 the recorded zone.
select
  (now() at time zone $1::text)::date as today,
  (extract(epoch from now() - least(queue.noted_at, captured.noted_at)) * 1000)::float8 as age_ms,
  queue.noted_at is not null or captured.noted_at is not null as has_change,
  exists (
    -- A mark of a day that is not processed, or frozen, waits until that changes.
    select 1
    from stale_mark
    left join processed_day on processed_day.day = stale_mark.day
    left join frozen_day on frozen_day.day = stale_mark.day
    where stale_mark.user_id is not null or (processed_day.day is not null and frozen_day.day is null)
  ) as has_mark,
  exists (select 1 from setting where setting.key = 'capture') as has_capture,
  exists (
    -- A definition that is new, changed or gone.
    select 1
    from quest_rule
    full join quest_derived on quest_derived.quest_id = quest_rule.quest_id
    where quest_derived.digest is distinct from quest_rule.digest
  ) as has_quest,
  (select max(processed_day.day) from processed_day) as as_of_day,
  case
    when not exists (select 1 from processed_day) then (
      select (classified_tap.tapped_at at time zone $1::text)::date
      from classified_tap
      where classified_tap.ignored_because is null
      order by classified_tap.tap_time
      limit 1
    )
  end as first_day
from (select change_queue.noted_at from change_queue order by change_queue.change_id limit 1) as queue
full join (
  -- A tap of a day that has not begun yet is not waiting.
  select min(greatest(captured_day.noted_at, captured_day.day::timestamp at time zone $1::text)) as noted_at
  from captured_day
  where captured_day.day <= (now() at time zone $1::text)::date
) as captured on true
