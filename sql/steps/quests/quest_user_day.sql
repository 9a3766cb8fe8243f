-- The active days of the users and weeks whose quests are derived, with the first tap of each.
--! reads: quest_pair_day
--! writes: quest_user_day
--! grain: user_key, day
select
  quest_pair_day.user_key,
  quest_pair_day.week,
  quest_pair_day.day,
  min(quest_pair_day.first_tap_at) as first_tap_at
from quest_pair_day
group by quest_pair_day.user_key, quest_pair_day.week, quest_pair_day.day
