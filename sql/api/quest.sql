-- The quests of a week and the viewer's progress in them, nearest to done first, the done ones last; a quest without
-- progress counts 0. $1 user, $2 the week's Monday, $3 the stored zone.
-- Materialized, so that a target is read from its JSON once and not for each use of it.
with counted as materialized (
  select
    quest_rule.quest_id,
    quest_rule.slug,
    quest_rule.metric,
    quest_rule.target,
    quest_rule.quest_window,
    coalesce((user_quest_progress.progress ->> 'count')::integer, 0) as count,
    user_quest_progress.completed_at
  from quest_rule
  left join user_quest_progress
    on user_quest_progress.quest_id = quest_rule.quest_id
    and user_quest_progress.user_id = $1::uuid
    and user_quest_progress.week_start = $2::date
  where quest_rule.is_active
    and quest_rule.active_from <= $2::date
    and quest_rule.active_until >= $2::date
)
select
  counted.slug as id,
  quest_definitions.title,
  quest_definitions.description,
  quest_definitions.quest_type as type,
  least(counted.count, counted.target) as progress,
  counted.count,
  counted.target,
  quest_unit(counted.metric) as unit,
  counted.quest_window as "window",
  quest_status(counted.count, counted.target) as status,
  counted.completed_at,
  ($2::date + 7)::timestamp at time zone $3::text as ends_at,
  quest_definitions.rewards::text as rewards
from counted
join quest_definitions on quest_definitions.quest_id = counted.quest_id
order by
  counted.count >= counted.target,
  counted.count::numeric / counted.target desc,
  counted.target,
  counted.slug
