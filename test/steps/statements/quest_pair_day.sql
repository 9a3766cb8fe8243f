-- prepare
create temp table quest_pair_day as
with scope as (
  select distinct user_key, week
  from quest_scope
  where metric in ('taps', 'active_days', 'streak_days', 'reconnections')
), scope_week as (
  select distinct week from scope
), tapped as (
  select
    scope_week.week,
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from scope_week
  join pair_day on pair_day.day between week_start(scope_week.week) and week_start(scope_week.week) + 6
)
select
  scope.user_key,
  scope.week,
  tapped.u1_key,
  tapped.u2_key,
  tapped.day,
  tapped.tap_count,
  tapped.first_tap_at,
  tapped.last_tap_at
from tapped
join scope on scope.user_key = tapped.u1_key and scope.week = tapped.week
union all
select
  scope.user_key,
  scope.week,
  tapped.u1_key,
  tapped.u2_key,
  tapped.day,
  tapped.tap_count,
  tapped.first_tap_at,
  tapped.last_tap_at
from tapped
join scope on scope.user_key = tapped.u2_key and scope.week = tapped.week;
