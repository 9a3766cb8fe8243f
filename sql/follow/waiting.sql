-- Whether there is anything to count: one cheap statement, asked every second. $1 the recorded zone.
select
  (now() at time zone $1::text)::date as today,
  (extract(epoch from now() - least(queue.noted_at, captured.noted_at)) * 1000)::float8 as age_ms,
  queue.noted_at is not null or captured.noted_at is not null as has_change,
  exists (select 1 from stale_mark) as has_mark,
  exists (
    select 1
    from quest_rule
    left join quest_derived on quest_derived.quest_id = quest_rule.quest_id
    where quest_derived.digest is distinct from quest_rule.digest
  ) as has_quest,
  (select max(processed_day.day) from processed_day) as as_of_day
from (select change_queue.noted_at from change_queue order by change_queue.change_id limit 1) as queue
full join (
  -- A tap of a day that has not begun waits for it.
  select min(captured_day.noted_at) as noted_at
  from captured_day
  where captured_day.day <= (now() at time zone $1::text)::date
) as captured on true
