-- Every event that counts for a metric, the count of each window, and where it reached the target the time of the tap
-- that did: the target's event in the order of time, for a streak the first whose level is the target. Counted first,
-- each metric from the least that says it, so that only events of windows that reached their target are made and put in
-- order. Of full, whose events would fill 30 GB, those of assists are kept, which are the costly ones to find.
create table user_quest_progress as
with both_sides as (
  select pair_day.*, unnest(array[u1_key, u2_key]) as user_key from pair_day
), user_day as materialized (
  select user_key, day, min(first_tap_at) as first_tap_at, sum(tap_count) as tap_count from both_sides group by user_key, day
), streak_day as (
  -- Two days that follow each other by date may be tapped in the other order, where a clock is set back over midnight.
  select user_key, day,
    greatest(first_tap_at, case when day_before = day - 1 then tapped_before end) as tapped_at,
    row_number() over (partition by user_key, island order by day) as level
  from (
    select *,
      lag(day) over line as day_before,
      lag(first_tap_at) over line as tapped_before,
      day - (row_number() over line)::integer as island
    from user_day
    window line as (partition by user_key order by day)
  ) as lined
), meeting as (
  select unnest(array[u1_key, u2_key]) as user_key, first_day as day, first_tap_at as tapped_at from pair
), reconnection as (
  select unnest(array[u1_key, u2_key]) as user_key, day, first_tap_at as tapped_at
  from (
    select *, day - lag(day) over (partition by u1_key, u2_key order by day) as days_since from pair_day
  ) as line
  where days_since >= 30
), friend as (
  select u1_key as friend_key, u2_key as user_key, first_day from pair union all select u2_key, u1_key, first_day from pair
), assist as materialized (
  select one.user_key, pair.first_day as day, pair.first_tap_at as tapped_at
  from pair
  join friend as one on one.friend_key = pair.u1_key and one.first_day < pair.first_day
  join friend as other
    on other.friend_key = pair.u2_key
    and other.user_key = one.user_key
    and other.first_day < pair.first_day
), day_total as (
  select 'taps' as metric, user_key, day, tap_count as reached from user_day
  union all
  select 'active_days', user_key, day, 1 from user_day
  union all
  select 'streak_days', user_key, day, level from streak_day
  union all
  select 'new_people', user_key, day, count(*) from meeting group by user_key, day
  union all
  select 'reconnections', user_key, day, count(*) from reconnection group by user_key, day
  union all
  select 'new_areas', user_key, first_day, count(*) from user_cell group by user_key, first_day
  union all
  select 'assists', user_key, day, count(*) from assist group by user_key, day
), total as materialized (
  select
    quest_rule.quest_id,
    quest_rule.metric,
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
), reached_day as materialized (
  -- The days of windows that reached their target, whose events are looked at.
  select total.quest_id, total.metric, total.target, total.user_key, total.week_start, total.from_day, span.day
  from total
  join gamification.quest_rule using (quest_id)
  cross join lateral generate_series(
    case quest_rule.quest_window when 'weekend' then 5 else 0 end,
    case quest_rule.quest_window when 'day' then 0 else 6 end
  ) as later (days)
  cross join lateral (select total.from_day + later.days as day) as span
  where total.reached >= total.target
), reached_event as (
  select reached_day.*, tap.time as tapped_at, 1 as amount
  from reached_day
  join user_key using (user_key)
  join (
    select unnest(array[id1, id2]) as user_id, (time at time zone 'UTC')::date as day, time
    from tap
    where id1 in (select user_id from user_key) and id2 in (select user_id from user_key) and id1 <> id2
  ) as tap on tap.user_id = user_key.user_id and tap.day = reached_day.day
  where reached_day.metric = 'taps'
  union all
  select reached_day.*, user_day.first_tap_at, 1
  from reached_day join user_day using (user_key, day) where reached_day.metric = 'active_days'
  union all
  select reached_day.*, streak_day.tapped_at, streak_day.level
  from reached_day join streak_day using (user_key, day) where reached_day.metric = 'streak_days'
  union all
  select reached_day.*, meeting.tapped_at, 1
  from reached_day join meeting using (user_key, day) where reached_day.metric = 'new_people'
  union all
  select reached_day.*, reconnection.tapped_at, 1
  from reached_day join reconnection using (user_key, day) where reached_day.metric = 'reconnections'
  union all
  select reached_day.*, user_cell.first_tap_at, 1
  from reached_day join user_cell on user_cell.user_key = reached_day.user_key and user_cell.first_day = reached_day.day
  where reached_day.metric = 'new_areas'
  union all
  select reached_day.*, assist.tapped_at, 1
  from reached_day join assist using (user_key, day) where reached_day.metric = 'assists'
), completed as (
  select quest_id, user_key, week_start,
    case
      when metric = 'streak_days' then min(tapped_at) filter (where amount >= target)
      else (array_agg(tapped_at order by tapped_at))[target]
    end as completed_at
  from reached_event
  group by quest_id, user_key, week_start, from_day, metric, target
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
