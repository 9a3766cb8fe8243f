-- prepare
create temp table quest_user_day as
select
  quest_pair_day.user_key,
  quest_pair_day.week,
  quest_pair_day.day,
  min(quest_pair_day.first_tap_at) as first_tap_at
from quest_pair_day
group by quest_pair_day.user_key, quest_pair_day.week, quest_pair_day.day;
