-- prepare
insert into quest_event (metric, user_key, week, day, tapped_at, amount)
with scope_week as (
  select distinct week from quest_scope where metric = 'new_people'
), met as (
  select scope_week.week, pair.u1_key, pair.u2_key, pair.first_day, pair.first_tap_at
  from scope_week
  join pair on pair.first_day between week_start(scope_week.week) and week_start(scope_week.week) + 6
)
select quest_scope.metric, quest_scope.user_key, quest_scope.week, met.first_day, met.first_tap_at, 1
from met
join quest_scope on quest_scope.user_key = met.u1_key and quest_scope.week = met.week
where quest_scope.metric = 'new_people'
union all
select quest_scope.metric, quest_scope.user_key, quest_scope.week, met.first_day, met.first_tap_at, 1
from met
join quest_scope on quest_scope.user_key = met.u2_key and quest_scope.week = met.week
where quest_scope.metric = 'new_people';
