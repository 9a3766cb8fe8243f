-- prepare
insert into quest_event (metric, user_key, week, day, tapped_at, amount)
with lowest as (
  select min(quest_rule.target) as target
  from quest_rule
  where quest_rule.metric = 'taps' and quest_rule.is_active
), tapped as (
  select
    quest_pair_day.user_key,
    quest_pair_day.week,
    quest_pair_day.u1_key,
    quest_pair_day.u2_key,
    quest_pair_day.day,
    quest_pair_day.tap_count,
    quest_pair_day.first_tap_at,
    quest_pair_day.last_tap_at,
    sum(quest_pair_day.tap_count) over (partition by quest_pair_day.user_key, quest_scope.week) >= lowest.target
      as is_timed
  from quest_scope
  join quest_pair_day
    on quest_pair_day.user_key = quest_scope.user_key
    and quest_pair_day.week = quest_scope.week
  cross join lowest
  where quest_scope.metric = 'taps'
), timed as (
  select tapped.user_key, tapped.week, tapped.day, tapped.first_tap_at as tapped_at, 1 as amount
  from tapped
  where tapped.is_timed
  union all
  select tapped.user_key, tapped.week, tapped.day, middle.tapped_at, 1
  from tapped
  join pair_day_tap
    on pair_day_tap.u1_key = tapped.u1_key
    and pair_day_tap.u2_key = tapped.u2_key
    and pair_day_tap.day = tapped.day
  cross join lateral unnest(pair_day_tap.tapped_at) as middle (tapped_at)
  where tapped.is_timed
  union all
  select tapped.user_key, tapped.week, tapped.day, tapped.last_tap_at, 1
  from tapped
  where tapped.is_timed and tapped.tap_count > 1
  union all
  select tapped.user_key, tapped.week, tapped.day, tapped.first_tap_at, tapped.tap_count
  from tapped
  where not tapped.is_timed
)
select 'taps', timed.user_key, timed.week, timed.day, timed.tapped_at, timed.amount from timed;
