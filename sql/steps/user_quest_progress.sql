-- How far each user got with each quest of a week, from the events in the order of their taps. A streak is the level
-- that it has reached, everything else is a running sum within the quest's window. A repair also looks at rows of its
-- users that nothing of today leads to.
--! reads: quest_scope, changed_quest, quest_event, quest_rule, batch_user, user_key, user_quest_progress
--! writes: user_quest_progress
--! fills: user_quest_progress
--! grain: user_id, quest_id, week_start
with rule as materialized (
  -- A number instead of the id: the events are sorted by it.
  select
    row_number() over (order by quest_rule.quest_id)::integer as rule_no,
    quest_rule.quest_id,
    quest_rule.metric,
    quest_rule.quest_window,
    quest_rule.target,
    quest_rule.active_from,
    quest_rule.active_until
  from quest_rule
  where quest_rule.is_active
), counted as (
  select
    rule.rule_no,
    rule.target,
    quest_event.user_key,
    week_number(quest_event.day) as week,
    quest_event.tapped_at,
    case
      when rule.metric = 'streak_days' then quest_event.amount
      -- Taps at the same instant are reached together: the frame is by value.
      else sum(quest_event.amount) over (
        partition by
          rule.rule_no,
          quest_event.user_key,
          case when rule.quest_window = 'day' then quest_event.day else week_start(week_number(quest_event.day)) end
        order by quest_event.tapped_at
      )
    end as reached
  from quest_event
  join rule
    on rule.metric = quest_event.metric
    and week_start(week_number(quest_event.day)) between rule.active_from and rule.active_until
    and (rule.quest_window <> 'weekend' or quest_event.day - week_start(week_number(quest_event.day)) >= 5)
), fresh as (
  select
    user_key.user_id,
    rule.quest_id,
    week_start(reached.week) as week_start,
    jsonb_build_object(
      'count', reached.reached,
      'target', reached.target,
      'pct', least(100, 100 * reached.reached / reached.target)
    ) as progress,
    reached.completed_at
  from (
    select
      counted.user_key,
      counted.rule_no,
      counted.target,
      counted.week,
      max(counted.reached)::bigint as reached,
      min(counted.tapped_at) filter (where counted.reached >= counted.target) as completed_at
    from counted
    group by counted.user_key, counted.rule_no, counted.target, counted.week
  ) as reached
  join rule on rule.rule_no = reached.rule_no
  join user_key on user_key.user_key = reached.user_key
), stored as (
  select
    user_quest_progress.user_id,
    user_quest_progress.quest_id,
    user_quest_progress.week_start,
    user_quest_progress.progress,
    user_quest_progress.completed_at
  from quest_scope
  join user_key on user_key.user_key = quest_scope.user_key
  join quest_rule on quest_rule.metric = quest_scope.metric
  join user_quest_progress
    on user_quest_progress.user_id = user_key.user_id
    and user_quest_progress.quest_id = quest_rule.quest_id
    and user_quest_progress.week_start = week_start(quest_scope.week)
  left join changed_quest on changed_quest.quest_id = quest_rule.quest_id
  where changed_quest.quest_id is null
  union all
  select
    user_quest_progress.user_id,
    user_quest_progress.quest_id,
    user_quest_progress.week_start,
    user_quest_progress.progress,
    user_quest_progress.completed_at
  from changed_quest
  join user_quest_progress on user_quest_progress.quest_id = changed_quest.quest_id
  union all
  select
    user_quest_progress.user_id,
    user_quest_progress.quest_id,
    user_quest_progress.week_start,
    user_quest_progress.progress,
    user_quest_progress.completed_at
  from batch_user
  join user_quest_progress on user_quest_progress.user_id = batch_user.user_id
  join quest_rule on quest_rule.quest_id = user_quest_progress.quest_id
  left join changed_quest on changed_quest.quest_id = user_quest_progress.quest_id
  left join user_key on user_key.user_id = user_quest_progress.user_id
  left join quest_scope
    on quest_scope.metric = quest_rule.metric
    and quest_scope.user_key = user_key.user_key
    and week_start(quest_scope.week) = user_quest_progress.week_start
  where changed_quest.quest_id is null
    and quest_scope.user_key is null
), compared as (
  select
    user_id,
    quest_id,
    week_start,
    fresh.progress,
    fresh.completed_at,
    stored.progress is not null as is_stored
  from fresh
  full join stored using (user_id, quest_id, week_start)
  where (fresh.progress, fresh.completed_at) is distinct from (stored.progress, stored.completed_at)
), deleted as (
  delete from user_quest_progress as target
  using compared
  where compared.progress is null
    and (target.user_id, target.quest_id, target.week_start)
      = (compared.user_id, compared.quest_id, compared.week_start)
  returning 1
), updated as (
  update user_quest_progress as target
  set progress = compared.progress, completed_at = compared.completed_at
  from compared
  where compared.progress is not null
    and compared.is_stored
    and (target.user_id, target.quest_id, target.week_start)
      = (compared.user_id, compared.quest_id, compared.week_start)
  returning 1
), inserted as (
  insert into user_quest_progress (user_id, quest_id, week_start, progress, completed_at)
  select compared.user_id, compared.quest_id, compared.week_start, compared.progress, compared.completed_at
  from compared
  where not compared.is_stored
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
