-- prepare
insert into quest_event (metric, user_key, week, day, tapped_at, amount)
with candidate as (
  select
    quest_pair_day.user_key,
    quest_pair_day.week,
    quest_pair_day.u1_key,
    quest_pair_day.u2_key,
    quest_pair_day.day,
    quest_pair_day.first_tap_at
  from quest_scope
  join quest_pair_day
    on quest_pair_day.user_key = quest_scope.user_key
    and quest_pair_day.week = quest_scope.week
  join pair
    on pair.u1_key = quest_pair_day.u1_key
    and pair.u2_key = quest_pair_day.u2_key
    and pair.first_day <= quest_pair_day.day - 30
  where quest_scope.metric = 'reconnections'
)
select 'reconnections', candidate.user_key, candidate.week, candidate.day, candidate.first_tap_at, 1
from candidate
left join pair_day
  on pair_day.u1_key = candidate.u1_key
  and pair_day.u2_key = candidate.u2_key
  and pair_day.day between candidate.day - 29 and candidate.day - 1
where pair_day.u1_key is null;
