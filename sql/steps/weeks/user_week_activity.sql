-- One row per user and ISO week with a tap. Sums come from the days; the second degree is the running total of who
-- entered distance 2 less who left it: from nothing for a focus user, as a shift of what is stored for anybody else.
-- For a new week that is what second_degree says of the as-of day before.
-- What it means: docs/semantics.md#weeks.
--! reads: week_scope, second_degree_focus, second_degree_event, user_day_activity, user_week_activity
--! before: second_degree
--! writes: user_week_activity
--! grain: user_id, year, iso_week
--! values: tap_count, first_degree_new_count, second_degree_count, second_degree_new_count
--! stamps: last_updated_at
--! assigns: iso_week
--! order: year, iso_week, user_id
--! spread: by_user
with size as (
  select count(*) > 100 * count(distinct week) as is_large from week_scope where is_day_changed
), week_day as (
  -- Of many users the whole weeks are read, of a few their own days: the work follows the change.
  select
    user_day_activity.user_id,
    changed_week.week,
    user_day_activity.tap_count,
    user_day_activity.first_degree_new_count
  from (select distinct week from week_scope where is_day_changed) as changed_week
  join user_day_activity
    on user_day_activity.day between week_start(changed_week.week) and week_start(changed_week.week) + 6
  where (select is_large from size)
  union all
  select week_scope.user_id, week_scope.week, own_day.tap_count, own_day.first_degree_new_count
  from week_scope
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all days there are.
    select user_day_activity.tap_count, user_day_activity.first_degree_new_count
    from user_day_activity
    where user_day_activity.user_id = week_scope.user_id
      and user_day_activity.day between week_start(week_scope.week) and week_start(week_scope.week) + 6
    offset 0
  ) as own_day
  where week_scope.is_day_changed and not (select is_large from size)
), week_sum as (
  select
    week_day.user_id,
    week_day.week,
    sum(week_day.tap_count)::integer as tap_count,
    sum(week_day.first_degree_new_count)::integer as first_degree_new_count
  from week_day
  group by week_day.user_id, week_day.week
), timeline as (
  -- The events and the weeks that want to know a level, in one line per user: one sort, no join on a range.
  select moment.user_key, moment.week, sum(moment.entered) as entered, sum(moment.moved) as moved
  from (
    select user_key, week, entered_count as entered, entered_count - left_count as moved
    from second_degree_event
    union all
    select week_scope.user_key, week_scope.week, 0, 0 from week_scope
  ) as moment
  group by moment.user_key, moment.week
), level as (
  select
    timeline.user_key,
    timeline.week,
    timeline.entered,
    sum(timeline.moved) over (partition by timeline.user_key order by timeline.week) as at_distance_2
  from timeline
), figure as (
  select
    week_scope.user_id,
    week_scope.week,
    case when week_scope.is_day_changed then week_sum.tap_count else known.tap_count end as tap_count,
    case when week_scope.is_day_changed then week_sum.first_degree_new_count else known.first_degree_new_count end
      as first_degree_new_count,
    level.at_distance_2 + case
      when second_degree_focus.user_key is not null then 0
      else coalesce(known.second_degree_count, second_degree.second_degree_count)
    end as second_degree_count,
    level.entered + case
      when second_degree_focus.user_key is not null then 0
      when known.user_id is not null then known.second_degree_new_count
      when second_degree.week = week_scope.week then second_degree.second_degree_new_count
      else 0
    end as second_degree_new_count
  from week_scope
  join level on level.user_key = week_scope.user_key and level.week = week_scope.week
  left join second_degree_focus on second_degree_focus.user_key = week_scope.user_key
  left join week_sum on week_sum.user_id = week_scope.user_id and week_sum.week = week_scope.week
  left join user_week_activity as known
    on known.user_id = week_scope.user_id and known.year = iso_year(week_scope.week)
    and known.iso_week = iso_week(week_scope.week)
  left join second_degree on second_degree.user_key = week_scope.user_key
)
select
  figure.user_id,
  iso_year(figure.week) as year,
  iso_week(figure.week) as iso_week,
  figure.tap_count,
  figure.first_degree_new_count,
  figure.second_degree_count::integer as second_degree_count,
  figure.second_degree_new_count::integer as second_degree_new_count
from figure
where figure.tap_count is not null
--: stored
from week_scope
join user_week_activity as stored
  on stored.user_id = week_scope.user_id
  and stored.year = iso_year(week_scope.week)
  and stored.iso_week = iso_week(week_scope.week)
--: noted changed_user_week
select stage.user_id, iso_week_number(stage.year, stage.iso_week) from stage
union
select week_scope.user_id, week_scope.week from week_scope where week_scope.is_day_changed
