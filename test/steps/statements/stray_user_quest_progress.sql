-- stage
create temp table stage as
select
  user_id,
  quest_id,
  week_start,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.user_id,
    stored.quest_id,
    stored.week_start,
    true as is_stored
  from user_quest_progress as stored
  left join own_user on own_user.user_id = stored.user_id
  left join quest_rule
    on quest_rule.quest_id = stored.quest_id
    and quest_rule.is_active
    and stored.week_start between quest_rule.active_from and quest_rule.active_until
  where own_user.user_id is null
    or quest_rule.quest_id is null
) as stored;

-- delete
delete from user_quest_progress as target
using stage
where not stage.is_wanted
  and (target.user_id, target.quest_id, target.week_start) = (stage.user_id, stage.quest_id, stage.week_start);
