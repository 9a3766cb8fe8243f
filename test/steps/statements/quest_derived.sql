-- stage
create temp table stage as
select
  quest_id,
  wanted.digest,
  stored.digest as old_digest,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    quest_id,
    digest,
    true as is_wanted
  from (
    select quest_rule.quest_id, quest_rule.digest from quest_rule
  ) as selected
) as wanted
full join (
  select
    stored.quest_id,
    stored.digest,
    true as is_stored
  from quest_derived as stored
) as stored using (quest_id)
where (wanted.is_wanted, wanted.digest)
  is distinct from (stored.is_stored, stored.digest);

-- delete
delete from quest_derived as target
using stage
where not stage.is_wanted
  and target.quest_id = stage.quest_id;

-- upsert
insert into quest_derived as target (quest_id, digest)
select stage.quest_id, stage.digest
from stage
where stage.is_wanted
order by stage.quest_id
on conflict (quest_id) do update set
  digest = excluded.digest;
