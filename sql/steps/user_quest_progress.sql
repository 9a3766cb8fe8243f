-- How far each user got with each quest of a week: a streak is the level that it has reached, everything else a sum within
-- the quest's window. When a target was reached, the events in the order of their taps say. A repair also looks at rows of
-- its users that nothing of today leads to.
--! reads: quest_scope, changed_quest, quest_event, quest_rule, batch_user, user_key, user_quest_progress
--! writes: user_quest_progress
--! fills: user_quest_progress
--! avoid: mergejoin
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
), event as not materialized (
  select
    rule.rule_no,
    rule.target,
    rule.metric = 'streak_days' as is_level,
    quest_event.user_key,
    week_number(quest_event.day) as week,
    case when rule.quest_window = 'day' then quest_event.day else week_start(week_number(quest_event.day)) end
      as window_start,
    quest_event.tapped_at,
    quest_event.amount
  from quest_event
  join rule
    on rule.metric = quest_event.metric
    and week_start(week_number(quest_event.day)) between rule.active_from and rule.active_until
    and (rule.quest_window <> 'weekend' or quest_event.day - week_start(week_number(quest_event.day)) >= 5)
), total as materialized (
  select
    event.rule_no,
    event.target,
    event.user_key,
    event.week,
    event.window_start,
    case when bool_or(event.is_level) then max(event.amount) else sum(event.amount) end as reached
  from event
  group by event.rule_no, event.target, event.user_key, event.week, event.window_start
), completed as (
  -- Only what reached its target needs the order of its taps.
  select counted.rule_no, counted.user_key, counted.week, min(counted.tapped_at) as completed_at
  from (
    select
      event.rule_no,
      event.target,
      event.user_key,
      event.week,
      event.tapped_at,
      case
        when event.is_level then event.amount
        -- Taps at the same instant are reached together: the frame is by value.
        else sum(event.amount) over (
          partition by event.rule_no, event.user_key, event.window_start order by event.tapped_at
        )
      end as reached
    from (select rule_no, user_key, window_start from total where reached >= target) as done
    join event
      on event.rule_no = done.rule_no
      and event.user_key = done.user_key
      and event.window_start = done.window_start
  ) as counted
  where counted.reached >= counted.target
  group by counted.rule_no, counted.user_key, counted.week
), fresh as (
  select
    user_key.user_id,
    rule.quest_id,
    week_start(reached.week) as week_start,
    jsonb_build_object(
      'count', reached.reached,
      'target', rule.target,
      'pct', least(100, 100 * reached.reached / rule.target)
    ) as progress,
    completed.completed_at
  from (
    select total.rule_no, total.user_key, total.week, max(total.reached)::bigint as reached
    from total
    group by total.rule_no, total.user_key, total.week
  ) as reached
  join rule on rule.rule_no = reached.rule_no
  join user_key on user_key.user_key = reached.user_key
  left join completed
    on completed.rule_no = reached.rule_no
    and completed.user_key = reached.user_key
    and completed.week = reached.week
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
