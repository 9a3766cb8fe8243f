-- Every event that counts for a metric, the count of each window, and where it reached the target the time of the tap
-- that did: the target's event in the order of time, for a streak the first whose level is the target. Counted first,
-- by day, so that only what reached its target is put in order; the events are made twice, for those of full fill 30 GB.
create table user_quest_progress as
with both_sides as (
  select pair_day.*, unnest(array[u1_key, u2_key]) as user_key from pair_day
), user_day as (
  select user_key, day, min(first_tap_at) as first_tap_at from both_sides group by user_key, day
), event as not materialized (
  select 'taps' as metric, unnest(array[key1.user_key, key2.user_key]) as user_key,
    (tap.time at time zone 'UTC')::date as day, tap.time as tapped_at, 1 as amount
  from tap
  join user_key as key1 on key1.user_id = tap.id1
  join user_key as key2 on key2.user_id = tap.id2
  where tap.id1 <> tap.id2
  union all
  select 'active_days', user_key, day, first_tap_at, 1 from user_day
  union all
  -- Two days that follow each other by date may be tapped in the other order, where a clock is set back over midnight.
  select 'streak_days', user_day.user_key, user_day.day,
    greatest(
      user_day.first_tap_at,
      case when user_day.day > activity_run.started_on
        then lag(user_day.first_tap_at) over (partition by user_day.user_key order by user_day.day) end
    ),
    user_day.day - activity_run.started_on + 1
  from user_day
  join activity_run
    on activity_run.user_key = user_day.user_key
    and user_day.day between activity_run.started_on and activity_run.ended_on
  union all
  select 'new_people', unnest(array[u1_key, u2_key]), first_day, first_tap_at, 1 from pair
  union all
  select 'reconnections', unnest(array[u1_key, u2_key]), day, first_tap_at, 1
  from (
    select *, day - lag(day) over (partition by u1_key, u2_key order by day) as days_since from pair_day
  ) as line
  where days_since >= 30
  union all
  select 'new_areas', user_key, first_day, first_tap_at, 1 from user_cell
  union all
  select 'assists', one.user_key, pair.first_day, pair.first_tap_at, 1
  from pair
  join (
    select u1_key as friend_key, u2_key as user_key, first_day from pair union all select u2_key, u1_key, first_day from pair
  ) as one on one.friend_key = pair.u1_key and one.first_day < pair.first_day
  join (
    select u1_key as friend_key, u2_key as user_key, first_day from pair union all select u2_key, u1_key, first_day from pair
  ) as other on other.friend_key = pair.u2_key and other.user_key = one.user_key and other.first_day < pair.first_day
), windowed as not materialized (
  select
    quest_rule.quest_id,
    quest_rule.target,
    event.metric,
    event.user_key,
    event.day - (event.day - date '0001-01-01') % 7 as week_start,
    case quest_rule.quest_window when 'day' then event.day else event.day - (event.day - date '0001-01-01') % 7 end as from_day,
    event.tapped_at,
    event.amount
  from event
  join gamification.quest_rule
    on quest_rule.metric = event.metric
    and quest_rule.is_active
    and event.day - (event.day - date '0001-01-01') % 7 between quest_rule.active_from and quest_rule.active_until
    and (quest_rule.quest_window <> 'weekend' or (event.day - date '0001-01-01') % 7 >= 5)
), day_total as materialized (
  select metric, user_key, day, case when metric = 'streak_days' then max(amount) else sum(amount) end as reached
  from event
  group by metric, user_key, day
), total as materialized (
  select
    quest_rule.quest_id,
    quest_rule.target,
    day_total.user_key,
    span.week_start,
    span.from_day,
    (case when quest_rule.metric = 'streak_days' then max(day_total.reached) else sum(day_total.reached) end)::bigint as reached
  from day_total
  join gamification.quest_rule on quest_rule.metric = day_total.metric and quest_rule.is_active
  cross join lateral (
    select
      day_total.day - (day_total.day - date '0001-01-01') % 7 as week_start,
      case quest_rule.quest_window
        when 'day' then day_total.day
        else day_total.day - (day_total.day - date '0001-01-01') % 7
      end as from_day
  ) as span
  where span.week_start between quest_rule.active_from and quest_rule.active_until
    and (quest_rule.quest_window <> 'weekend' or (day_total.day - date '0001-01-01') % 7 >= 5)
  group by quest_rule.quest_id, quest_rule.target, quest_rule.metric, day_total.user_key, span.week_start, span.from_day
), completed as (
  select windowed.quest_id, windowed.user_key, windowed.week_start,
    case
      when windowed.metric = 'streak_days' then min(windowed.tapped_at) filter (where windowed.amount >= windowed.target)
      else (array_agg(windowed.tapped_at order by windowed.tapped_at))[windowed.target]
    end as completed_at
  from windowed
  join total
    on total.quest_id = windowed.quest_id
    and total.user_key = windowed.user_key
    and total.week_start = windowed.week_start
    and total.from_day = windowed.from_day
    and total.reached >= total.target
  group by windowed.quest_id, windowed.user_key, windowed.week_start, windowed.from_day, windowed.metric, windowed.target
)
select
  user_key.user_id,
  best.quest_id,
  best.week_start,
  jsonb_build_object('count', best.reached, 'target', best.target, 'pct', least(100, 100 * best.reached / best.target)) as progress,
  first_done.completed_at
from (
  select quest_id, target, user_key, week_start, max(reached) as reached from total group by quest_id, target, user_key, week_start
) as best
join user_key using (user_key)
left join (
  select quest_id, user_key, week_start, min(completed_at) as completed_at from completed group by quest_id, user_key, week_start
) as first_done using (quest_id, user_key, week_start);
alter table user_quest_progress add primary key (user_id, quest_id, week_start);
create index on user_quest_progress (quest_id, week_start);
create index on user_quest_progress (week_start);
