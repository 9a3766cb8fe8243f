-- Progress by definition: deeds are counted in each window (a week, its weekend, or each of its days); the window is
-- complete with the tap of the deed whose number is the target.
with tapper_day as (
  select tapper.user_id, fact.day, fact.tap_count, fact.tapped_at
  from fact
  cross join lateral (values (fact.u1), (fact.u2)) as tapper (user_id)
  join verify_user on verify_user.user_id = tapper.user_id
  where exists (select 1 from wanted_metric where wanted_metric.metric = 'taps')
), tapped as (
  select
    quest_day.quest_id,
    quest_day.target,
    tapper_day.user_id,
    quest_day.week_start,
    quest_day.window_start,
    sum(tapper_day.tap_count) as reached
  from quest_day
  join tapper_day on tapper_day.day = quest_day.day
  where quest_day.metric = 'taps'
  group by 1, 2, 3, 4, 5
), completed as (
  select
    tapped.quest_id,
    tapped.user_id,
    tapped.window_start,
    (array_agg(moment.tapped_at order by moment.tapped_at))[tapped.target] as completed_at
  from tapped
  join quest_day
    on quest_day.metric = 'taps'
    and quest_day.quest_id = tapped.quest_id
    and quest_day.window_start = tapped.window_start
  join tapper_day on tapper_day.user_id = tapped.user_id and tapper_day.day = quest_day.day
  cross join lateral unnest(tapper_day.tapped_at) as moment (tapped_at)
  where tapped.reached >= tapped.target
  group by tapped.quest_id, tapped.user_id, tapped.window_start, tapped.target
), counted as (
  select
    quest_day.quest_id,
    quest_day.target,
    quest_deed.user_id,
    quest_day.week_start,
    count(*) as reached,
    (array_agg(quest_deed.tapped_at order by quest_deed.tapped_at))[quest_day.target] as completed_at
  from quest_day
  join quest_deed on quest_deed.metric = quest_day.metric and quest_deed.day = quest_day.day
  join verify_user on verify_user.user_id = quest_deed.user_id
  group by quest_day.quest_id, quest_day.target, quest_deed.user_id, quest_day.week_start, quest_day.window_start
  union all
  select tapped.quest_id, tapped.target, tapped.user_id, tapped.week_start, tapped.reached, completed.completed_at
  from tapped
  left join completed
    on completed.quest_id = tapped.quest_id
    and completed.user_id = tapped.user_id
    and completed.window_start = tapped.window_start
  union all
  select
    quest_day.quest_id,
    quest_day.target,
    active_day.user_id,
    quest_day.week_start,
    active_day.day - active_day.run_started_on + 1,
    case
      when active_day.day - active_day.run_started_on + 1 < quest_day.target then null
      when quest_day.target > 1 then active_day.both_tapped_at
      else active_day.first_tap_at
    end
  from quest_day
  join active_day on active_day.day = quest_day.day
  join verify_user on verify_user.user_id = active_day.user_id
  where quest_day.metric = 'streak_days'
)
insert into expected_quest (user_id, quest_id, week_start, reached, target, completed_at)
select
  counted.user_id,
  counted.quest_id,
  counted.week_start,
  max(counted.reached),
  counted.target,
  min(counted.completed_at)
from counted
group by counted.user_id, counted.quest_id, counted.week_start, counted.target
