-- One row per user and ISO week with a tap. Sums come from the days; the second degree is the running total of who
-- entered distance 2 less who left it: from nothing for a focus user, as a shift of what is stored for anybody else. For a
-- new week that is what second_degree says of the as-of day before.
--! reads: changed_user_day, batch_day, batch_user, second_degree_focus, second_degree_event, user_key, user_day_activity, user_week_activity
--! stored: second_degree
--! writes: user_week_activity, changed_user_week
--! fills: user_week_activity
--! grain: user_id, year, iso_week
with day_changed as (
  select changed_user_day.user_id, week_number(changed_user_day.day) as week
  from changed_user_day
  union
  select user_week_activity.user_id, week_number(user_week_activity.week_start)
  from user_week_activity
  join batch_user on batch_user.user_id = user_week_activity.user_id
  union
  select user_week_activity.user_id, forced_week.week
  from (select distinct week_number(batch_day.day) as week from batch_day where batch_day.forced) as forced_week
  join user_week_activity
    on user_week_activity.year = extract(isoyear from week_start(forced_week.week))::smallint
    and user_week_activity.iso_week = extract(week from week_start(forced_week.week))::smallint
), graph_changed as (
  select second_degree_focus.user_key, second_degree_focus.from_week
  from second_degree_focus
  union
  select second_degree_event.user_key, min(second_degree_event.week)
  from second_degree_event
  left join second_degree_focus on second_degree_focus.user_key = second_degree_event.user_key
  where second_degree_focus.user_key is null
  group by second_degree_event.user_key
), scope as (
  select user_id, week from day_changed
  union
  select user_week_activity.user_id, week_number(user_week_activity.week_start)
  from graph_changed
  join user_key on user_key.user_key = graph_changed.user_key
  join user_week_activity
    on user_week_activity.user_id = user_key.user_id
    and user_week_activity.week_start >= week_start(graph_changed.from_week)
), week_sum as (
  select
    user_day_activity.user_id,
    changed_week.week,
    sum(user_day_activity.tap_count)::integer as tap_count,
    sum(user_day_activity.first_degree_new_count)::integer as first_degree_new_count
  from (select distinct day_changed.week from day_changed) as changed_week
  join user_day_activity
    on user_day_activity.day between week_start(changed_week.week) and week_start(changed_week.week) + 6
  group by user_day_activity.user_id, changed_week.week
), stored as (
  select
    user_week_activity.user_id,
    scope.week,
    user_week_activity.tap_count,
    user_week_activity.first_degree_new_count,
    user_week_activity.second_degree_count,
    user_week_activity.second_degree_new_count
  from scope
  join user_week_activity
    on user_week_activity.user_id = scope.user_id
    and user_week_activity.week_start = week_start(scope.week)
), timeline as (
  -- The events and the weeks that want to know a level, in one line per user: one sort, no join on a range.
  select moment.user_key, moment.week, sum(moment.entered) as entered, sum(moment.moved) as moved
  from (
    select user_key, week, entered_count as entered, entered_count - left_count as moved
    from second_degree_event
    union all
    select user_key.user_key, scope.week, 0, 0
    from scope
    join user_key on user_key.user_id = scope.user_id
  ) as moment
  group by moment.user_key, moment.week
), level as (
  select
    user_key.user_id,
    user_key.user_key,
    timeline.week,
    timeline.entered,
    sum(timeline.moved) over (partition by timeline.user_key order by timeline.week) as at_distance_2,
    second_degree_focus.user_key is not null as is_absolute
  from timeline
  join user_key on user_key.user_key = timeline.user_key
  left join second_degree_focus on second_degree_focus.user_key = timeline.user_key
), fresh as (
  select
    scope.user_id,
    scope.week,
    case when day_changed.user_id is null then stored.tap_count else week_sum.tap_count end as tap_count,
    case
      when day_changed.user_id is null then stored.first_degree_new_count
      else week_sum.first_degree_new_count
    end as first_degree_new_count,
    (
      case
        when level.is_absolute then 0
        else coalesce(stored.second_degree_count, second_degree.second_degree_count)
      end + level.at_distance_2
    )::integer as second_degree_count,
    (
      case
        when level.is_absolute then 0
        when stored.user_id is not null then stored.second_degree_new_count
        when second_degree.week = scope.week then second_degree.second_degree_new_count
        else 0
      end + level.entered
    )::integer as second_degree_new_count
  from scope
  join level on level.user_id = scope.user_id and level.week = scope.week
  left join day_changed on day_changed.user_id = scope.user_id and day_changed.week = scope.week
  left join week_sum on week_sum.user_id = scope.user_id and week_sum.week = scope.week
  left join stored on stored.user_id = scope.user_id and stored.week = scope.week
  left join second_degree on second_degree.user_key = level.user_key
), compared as (
  select
    user_id,
    week,
    fresh.tap_count,
    fresh.first_degree_new_count,
    fresh.second_degree_count,
    fresh.second_degree_new_count,
    stored.tap_count is not null as is_stored
  from (select * from fresh where fresh.tap_count is not null) as fresh
  full join stored using (user_id, week)
  where (
      fresh.tap_count,
      fresh.first_degree_new_count,
      fresh.second_degree_count,
      fresh.second_degree_new_count
    ) is distinct from (
      stored.tap_count,
      stored.first_degree_new_count,
      stored.second_degree_count,
      stored.second_degree_new_count
    )
), deleted as (
  delete from user_week_activity as target
  using compared
  where compared.tap_count is null
    and (target.user_id, target.week_start) = (compared.user_id, week_start(compared.week))
  returning 1
), updated as (
  update user_week_activity as target
  set
    tap_count = compared.tap_count,
    first_degree_new_count = compared.first_degree_new_count,
    second_degree_count = compared.second_degree_count,
    second_degree_new_count = compared.second_degree_new_count,
    last_updated_at = now()
  from compared
  where compared.tap_count is not null
    and compared.is_stored
    and (target.user_id, target.week_start) = (compared.user_id, week_start(compared.week))
  returning 1
), inserted as (
  insert into user_week_activity (
    user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count
  )
  select
    compared.user_id,
    extract(isoyear from week_start(compared.week)),
    extract(week from week_start(compared.week)),
    compared.tap_count,
    compared.first_degree_new_count,
    compared.second_degree_count,
    compared.second_degree_new_count
  from compared
  where not compared.is_stored
  order by compared.week, compared.user_id
  returning 1
), noted as (
  insert into changed_user_week (user_id, week)
  select user_id, week from compared
  union
  select user_id, week from day_changed
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
