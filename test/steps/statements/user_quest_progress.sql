-- stage, $1 is_later
create temp table stage as
select
  user_id,
  quest_id,
  week_start,
  wanted.progress,
  wanted.completed_at,
  stored.progress as old_progress,
  stored.completed_at as old_completed_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_id,
    quest_id,
    week_start,
    progress,
    completed_at,
    true as is_wanted
  from (
    select
      user_key.user_id,
      quest_total.quest_id,
      week_start(quest_total.week) as week_start,
      jsonb_build_object(
        'count', quest_total.reached,
        'target', quest_total.target,
        'pct', least(100, 100 * quest_total.reached::bigint / quest_total.target)
      ) as progress,
      quest_completed.completed_at
    from quest_total
    join user_key on user_key.user_key = quest_total.user_key
    left join quest_completed
      on quest_completed.quest_id = quest_total.quest_id
      and quest_completed.user_key = quest_total.user_key
      and quest_completed.week = quest_total.week
  ) as selected
) as wanted
full join (
  select
    stored.user_id,
    stored.quest_id,
    stored.week_start,
    stored.progress,
    stored.completed_at,
    true as is_stored
  from quest_scope
  join user_key on user_key.user_key = quest_scope.user_key
  join quest_rule
    on quest_rule.metric = any (quest_scope.metrics)
    or quest_scope.metrics is null and quest_rule.metric <> 'assists'
  join user_quest_progress as stored
    on stored.user_id = user_key.user_id
    and stored.quest_id = quest_rule.quest_id
    and stored.week_start = week_start(quest_scope.week)
  left join changed_quest on changed_quest.quest_id = quest_rule.quest_id
  where changed_quest.quest_id is null and not $1::boolean
  union all
  select
    stored.user_id,
    stored.quest_id,
    stored.week_start,
    stored.progress,
    stored.completed_at,
    true as is_stored
  from quest_rule
  join user_quest_progress as stored
    on stored.quest_id = quest_rule.quest_id
    and stored.week_start between (select week_start(min(week)) from quest_scope)
      and (select week_start(max(week)) from quest_scope)
  join user_key on user_key.user_id = stored.user_id
  join quest_scope
    on quest_scope.user_key = user_key.user_key
    and quest_scope.week = week_number(stored.week_start)
    and (
      quest_rule.metric = any (quest_scope.metrics)
      or quest_scope.metrics is null and quest_rule.metric <> 'assists'
    )
  left join changed_quest on changed_quest.quest_id = quest_rule.quest_id
  where changed_quest.quest_id is null and $1::boolean
  union all
  select
    stored.user_id,
    stored.quest_id,
    stored.week_start,
    stored.progress,
    stored.completed_at,
    true as is_stored
  from changed_quest
  join user_quest_progress as stored on stored.quest_id = changed_quest.quest_id
) as stored using (user_id, quest_id, week_start)
where (wanted.is_wanted, wanted.progress, wanted.completed_at)
  is distinct from (stored.is_stored, stored.progress, stored.completed_at);

-- delete
delete from user_quest_progress as target
using stage
where not stage.is_wanted
  and (target.user_id, target.quest_id, target.week_start) = (stage.user_id, stage.quest_id, stage.week_start);

-- upsert
insert into user_quest_progress as target (user_id, quest_id, week_start, progress, completed_at)
select stage.user_id, stage.quest_id, stage.week_start, stage.progress, stage.completed_at
from stage
where stage.is_wanted
order by stage.user_id, stage.quest_id, stage.week_start
on conflict (user_id, quest_id, week_start) do update set
  progress = excluded.progress,
  completed_at = excluded.completed_at;
