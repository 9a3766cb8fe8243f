-- prepare
insert into quest_scope (metric, user_key, week)
with used_metric as (
  select distinct metric from quest_rule where is_active and metric <> 'assists'
), own_week as materialized (
  select distinct user_key.user_key, week_number(changed_user_day.day) as week
  from changed_user_day
  join user_key on user_key.user_id = changed_user_day.user_id
), streak as (
  select distinct user_key.user_key, week_number(user_day_activity.day) as week
  from changed_run
  join user_key on user_key.user_id = changed_run.user_id
  join user_day_activity
    on user_day_activity.user_id = changed_run.user_id
    and user_day_activity.day between changed_run.from_day and changed_run.to_day
), next_day as (
  -- How long a pair had not tapped before its next active day depends on the day that came or went: in the line of all
  -- days of a changed pair, those that are there and follow one that changed.
  select line.u1_key, line.u2_key, line.day
  from (
    select
      known.u1_key,
      known.u2_key,
      known.day,
      bool_or(known.is_there) as is_there,
      lag(bool_or(known.is_changed)) over (partition by known.u1_key, known.u2_key order by known.day) as follows_change
    from (
      select u1_key, u2_key, day, false as is_there, true as is_changed from changed_pair_day
      union all
      select pair_day.u1_key, pair_day.u2_key, pair_day.day, true, false
      from (select distinct u1_key, u2_key from changed_pair_day) as changed
      join pair_day on pair_day.u1_key = changed.u1_key and pair_day.u2_key = changed.u2_key
    ) as known
    group by known.u1_key, known.u2_key, known.day
  ) as line
  where line.is_there and line.follows_change
), any_week as (
  select distinct user_key.user_key, week_number(user_day_activity.day) as week
  from user_day_activity
  join user_key on user_key.user_id = user_day_activity.user_id
  where exists (select 1 from changed_quest where changed_quest.metric <> 'assists')
), other_week as (
  select 'streak_days' as metric, user_key, week from streak
  union all
  select 'reconnections', unnest(array[u1_key, u2_key]), week_number(day) from next_day
  union all
  select 'taps', unnest(array[u1_key, u2_key]), week_number(day) from changed_pair_tap
  union all
  select 'new_areas', user_key, week_number(old_first_day) from changed_user_cell where old_first_day is not null
  union all
  select 'new_areas', user_key, week_number(new_first_day) from changed_user_cell where new_first_day is not null
  union all
  select changed_metric.metric, any_week.user_key, any_week.week
  from (select distinct metric from changed_quest) as changed_metric
  cross join (
    select any_week.user_key, any_week.week
    from any_week
    left join own_week on own_week.user_key = any_week.user_key and own_week.week = any_week.week
    where own_week.user_key is null
  ) as any_week
)
select used_metric.metric, own_week.user_key, own_week.week
from own_week
cross join used_metric
union all
select distinct other_week.metric, other_week.user_key, other_week.week
from other_week
join used_metric on used_metric.metric = other_week.metric
left join own_week on own_week.user_key = other_week.user_key and own_week.week = other_week.week
where own_week.user_key is null;
