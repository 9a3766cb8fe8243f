-- stage
create temp table stage as
select
  user_id,
  year,
  iso_week,
  wanted.tap_count,
  wanted.first_degree_new_count,
  wanted.second_degree_count,
  wanted.second_degree_new_count,
  stored.tap_count as old_tap_count,
  stored.first_degree_new_count as old_first_degree_new_count,
  stored.second_degree_count as old_second_degree_count,
  stored.second_degree_new_count as old_second_degree_new_count,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_id,
    year,
    iso_week,
    tap_count,
    first_degree_new_count,
    second_degree_count,
    second_degree_new_count,
    true as is_wanted
  from (
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
  ) as selected
) as wanted
full join (
  select
    stored.user_id,
    stored.year,
    stored.iso_week,
    stored.tap_count,
    stored.first_degree_new_count,
    stored.second_degree_count,
    stored.second_degree_new_count,
    true as is_stored
  from week_scope
  join user_week_activity as stored
    on stored.user_id = week_scope.user_id
    and stored.year = iso_year(week_scope.week)
    and stored.iso_week = iso_week(week_scope.week)
) as stored using (user_id, year, iso_week)
where (wanted.is_wanted, wanted.tap_count, wanted.first_degree_new_count, wanted.second_degree_count, wanted.second_degree_new_count)
  is distinct from (stored.is_stored, stored.tap_count, stored.first_degree_new_count, stored.second_degree_count, stored.second_degree_new_count);

-- delete
delete from user_week_activity as target
using stage
where not stage.is_wanted
  and (target.user_id, target.year, target.iso_week) = (stage.user_id, stage.year, stage.iso_week);

-- upsert
insert into user_week_activity as target (user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count)
select stage.user_id, stage.year, stage.iso_week, stage.tap_count, stage.first_degree_new_count, stage.second_degree_count, stage.second_degree_new_count
from stage
where stage.is_wanted
order by stage.year, stage.iso_week, stage.user_id
on conflict (user_id, year, iso_week) do update set
  tap_count = excluded.tap_count,
  first_degree_new_count = excluded.first_degree_new_count,
  second_degree_count = excluded.second_degree_count,
  second_degree_new_count = excluded.second_degree_new_count,
  last_updated_at = excluded.last_updated_at,
  iso_week = excluded.iso_week;

-- note
insert into changed_user_week (user_id, week)
select stage.user_id, iso_week_number(stage.year, stage.iso_week) from stage
union
select week_scope.user_id, week_scope.week from week_scope where week_scope.is_day_changed;
