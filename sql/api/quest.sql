-- The quests of a week and the viewer's progress in them, nearest to done first, the done ones last; a quest without
-- progress counts 0. $1 user, $2 the week's Monday, $3 the stored zone.
select
  quest_definitions.slug as id,
  quest_definitions.title,
  quest_definitions.description,
  quest_definitions.quest_type as type,
  least(progress.count, quest_rule.target) as progress,
  progress.count,
  quest_rule.target,
  quest_unit(quest_rule.metric) as unit,
  quest_status(progress.count, quest_rule.target) as status,
  user_quest_progress.completed_at,
  ($2::date + 7)::timestamp at time zone $3::text as ends_at,
  quest_definitions.rewards::text as rewards
from quest_definitions
join quest_rule on quest_rule.quest_id = quest_definitions.quest_id
left join user_quest_progress
  on user_quest_progress.quest_id = quest_definitions.quest_id
  and user_quest_progress.user_id = $1::uuid
  and user_quest_progress.week_start = $2::date
cross join lateral (
  select coalesce((user_quest_progress.progress ->> 'count')::integer, 0) as count
) as progress
where quest_rule.is_active
  and quest_rule.active_from <= $2::date
  and quest_rule.active_until >= $2::date
order by
  progress.count >= quest_rule.target,
  progress.count::numeric / quest_rule.target desc,
  quest_rule.target,
  quest_rule.slug
