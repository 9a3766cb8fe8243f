-- The quests that are active in the week that begins on $2, and when user $1 completed them.
select
  verify_quest.quest_id,
  verify_quest.slug,
  verify_quest.title,
  verify_quest.metric,
  verify_quest.target,
  verify_quest.span,
  to_char(expected_quest.completed_at at time zone verify_clock.zone, 'YYYY-MM-DD HH24:MI:SS') as completed_local_time
from verify_clock
cross join quest_week
join verify_quest on verify_quest.quest_id = quest_week.quest_id
left join expected_quest
  on expected_quest.quest_id = quest_week.quest_id
  and expected_quest.week_start = quest_week.week_start
  and expected_quest.user_id = $1::uuid
where quest_week.week_start = $2::date
order by verify_quest.slug
