-- The quests that are active in the week of L, with how many users have progress and have completed them in it.
select
  quest_definitions.slug,
  quest_definitions.title,
  quest_definitions.quest_type as type,
  quest_rule.metric,
  quest_rule.target,
  quest_rule.quest_window as "window",
  this_week.week_start::text as week_start,
  count(user_quest_progress.user_id)::integer as users,
  count(user_quest_progress.completed_at)::integer as completed
from (
  select week_start(week_number(max(processed_day.day))) as week_start from processed_day
) as this_week
join quest_rule
  on quest_rule.is_active
  and this_week.week_start between quest_rule.active_from and quest_rule.active_until
join quest_definitions on quest_definitions.quest_id = quest_rule.quest_id
left join user_quest_progress
  on user_quest_progress.quest_id = quest_rule.quest_id
  and user_quest_progress.week_start = this_week.week_start
group by
  quest_definitions.slug,
  quest_definitions.title,
  quest_definitions.quest_type,
  quest_rule.metric,
  quest_rule.target,
  quest_rule.quest_window,
  this_week.week_start
order by quest_definitions.slug
