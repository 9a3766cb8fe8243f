-- With which rule the progress of each quest is derived now.
--! reads: quest_rule, quest_derived, user_quest_progress
--! writes: quest_derived
--! grain: quest_id
--! runs: always
with written as (
  insert into quest_derived as target (quest_id, digest)
  select quest_rule.quest_id, quest_rule.digest
  from quest_rule
  on conflict (quest_id) do update set digest = excluded.digest
  where target.digest <> excluded.digest
  returning xmax = 0 as is_new
)
select
  (count(*) filter (where is_new))::integer as inserted,
  (count(*) filter (where not is_new))::integer as updated,
  0 as deleted
from written
