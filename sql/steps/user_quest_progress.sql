-- How far each user got with each quest of a week: the best of its windows. When a target was reached, the events in the
-- order of their taps say. A repair also looks at rows of its users that nothing of today leads to.
--! reads: quest_scope, changed_quest, quest_event, quest_total, quest_rule, batch_user, user_key, user_quest_progress
--! writes: user_quest_progress
--! fills: user_quest_progress
--! avoid: mergejoin
--! grain: user_id, quest_id, week_start
with completed as (
  -- Only what reached its target needs the order of its taps.
  select counted.quest_id, counted.user_key, counted.week, min(counted.tapped_at) as completed_at
  from (
    select
      done.quest_id,
      done.user_key,
      done.week,
      done.target,
      quest_event.tapped_at,
      case
        when done.metric = 'streak_days' then quest_event.amount
        -- Taps at the same instant are reached together: the frame is by value.
        else sum(quest_event.amount) over (
          partition by done.quest_id, done.user_key, done.from_day order by quest_event.tapped_at
        )
      end as reached
    from (
      select
        quest_total.quest_id,
        quest_total.user_key,
        quest_total.week,
        quest_total.from_day,
        case quest_rule.quest_window when 'day' then quest_total.from_day else week_start(quest_total.week) + 6 end
          as to_day,
        quest_rule.metric,
        quest_rule.target
      from quest_total
      join quest_rule on quest_rule.quest_id = quest_total.quest_id
      where quest_total.is_completed
    ) as done
    join quest_event
      on quest_event.metric = done.metric
      and quest_event.user_key = done.user_key
      and week_number(quest_event.day) = done.week
      and quest_event.day between done.from_day and done.to_day
  ) as counted
  where counted.reached >= counted.target
  group by counted.quest_id, counted.user_key, counted.week
), fresh as (
  select
    user_key.user_id,
    reached.quest_id,
    week_start(reached.week) as week_start,
    jsonb_build_object(
      'count', reached.reached,
      'target', quest_rule.target,
      'pct', least(100, 100 * reached.reached / quest_rule.target)
    ) as progress,
    completed.completed_at
  from (
    select quest_total.quest_id, quest_total.user_key, quest_total.week, max(quest_total.reached) as reached
    from quest_total
    group by quest_total.quest_id, quest_total.user_key, quest_total.week
  ) as reached
  join quest_rule on quest_rule.quest_id = reached.quest_id
  join user_key on user_key.user_key = reached.user_key
  left join completed
    on completed.quest_id = reached.quest_id
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
  -- Along the key: each of its pages is changed once.
  order by compared.user_id, compared.quest_id, compared.week_start
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
