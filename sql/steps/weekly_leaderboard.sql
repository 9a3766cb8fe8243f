-- Three boards a week. A week is ranked again as a whole when a figure of it changed, otherwise it is not read.
--! reads: changed_user_week, changed_run, batch_day, batch_user, user_key, activity_run, user_week_activity, weekly_leaderboard
--! writes: weekly_leaderboard
--! fills: weekly_leaderboard
--! grain: user_id, year, iso_week
with scope as (
  select user_id, week from changed_user_week
  union
  select changed_run.user_id, week_number(user_week_activity.week_start)
  from changed_run
  join user_week_activity
    on user_week_activity.user_id = changed_run.user_id
    and user_week_activity.week_start
      between week_start(week_number(changed_run.from_day)) and changed_run.to_day
  union
  select weekly_leaderboard.user_id, week_number(weekly_leaderboard.week_start)
  from weekly_leaderboard
  join batch_user on batch_user.user_id = weekly_leaderboard.user_id
), scope_user as (
  select
    user_key.user_key,
    scope.user_id,
    min(scope.week) as first_week,
    max(scope.week) as last_week
  from scope
  join user_key on user_key.user_id = scope.user_id
  group by user_key.user_key, scope.user_id
), streak as (
  -- The longest that a run had become by the week's end, or by its own.
  select
    scope_user.user_id,
    run_week.week,
    max(least(activity_run.ended_on, week_start(run_week.week) + 6) - activity_run.started_on + 1) as streak_days
  from scope_user
  join activity_run
    on activity_run.user_key = scope_user.user_key
    and activity_run.ended_on >= week_start(scope_user.first_week)
    and activity_run.started_on <= week_start(scope_user.last_week) + 6
  cross join lateral generate_series(
    greatest(week_number(activity_run.started_on), scope_user.first_week),
    least(week_number(activity_run.ended_on), scope_user.last_week)
  ) as run_week (week)
  group by scope_user.user_id, run_week.week
), fresh_figure as (
  select
    scope.user_id,
    scope.week,
    user_week_activity.first_degree_new_count as new_first_degree,
    user_week_activity.second_degree_new_count as delta_second_degree,
    streak.streak_days
  from scope
  join user_week_activity
    on user_week_activity.user_id = scope.user_id
    and user_week_activity.week_start = week_start(scope.week)
  join streak on streak.user_id = scope.user_id and streak.week = scope.week
), week_to_rank as (
  select distinct scope.week
  from scope
  left join fresh_figure on fresh_figure.user_id = scope.user_id and fresh_figure.week = scope.week
  left join weekly_leaderboard
    on weekly_leaderboard.user_id = scope.user_id
    and weekly_leaderboard.week_start = week_start(scope.week)
  left join batch_user on batch_user.user_id = scope.user_id
  where batch_user.user_id is not null
    or (fresh_figure.new_first_degree, fresh_figure.delta_second_degree, fresh_figure.streak_days)
    is distinct from (
      weekly_leaderboard.new_first_degree, weekly_leaderboard.delta_second_degree, weekly_leaderboard.streak_days
    )
  union
  select week_number(batch_day.day)
  from batch_day
  where batch_day.forced
), stored as (
  select
    weekly_leaderboard.user_id,
    week_to_rank.week,
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree,
    weekly_leaderboard.streak_days,
    weekly_leaderboard.connectors_rank,
    weekly_leaderboard.builders_rank,
    weekly_leaderboard.streak_rank
  from week_to_rank
  join weekly_leaderboard
    on weekly_leaderboard.year = extract(isoyear from week_start(week_to_rank.week))
    and weekly_leaderboard.iso_week = extract(week from week_start(week_to_rank.week))
), figure as (
  select
    fresh_figure.user_id,
    fresh_figure.week,
    fresh_figure.new_first_degree,
    fresh_figure.delta_second_degree,
    fresh_figure.streak_days
  from fresh_figure
  join week_to_rank on week_to_rank.week = fresh_figure.week
  union all
  select
    stored.user_id,
    stored.week,
    stored.new_first_degree,
    stored.delta_second_degree,
    stored.streak_days
  from stored
  left join scope on scope.user_id = stored.user_id and scope.week = stored.week
  where scope.user_id is null
), fresh as (
  -- A 0 sorts last, so it never shifts the rank of a figure above it.
  select
    figure.user_id,
    figure.week,
    figure.new_first_degree,
    figure.delta_second_degree,
    figure.streak_days,
    case
      when figure.new_first_degree > 0
        then rank() over (partition by figure.week order by figure.new_first_degree desc)
    end as connectors_rank,
    case
      when figure.delta_second_degree > 0
        then rank() over (partition by figure.week order by figure.delta_second_degree desc)
    end as builders_rank,
    case
      when figure.streak_days > 0
        then rank() over (partition by figure.week order by figure.streak_days desc)
    end as streak_rank
  from figure
), compared as (
  select
    user_id,
    week,
    fresh.new_first_degree,
    fresh.delta_second_degree,
    fresh.streak_days,
    fresh.connectors_rank,
    fresh.builders_rank,
    fresh.streak_rank,
    stored.streak_days is not null as is_stored
  from fresh
  full join stored using (user_id, week)
  where (
      fresh.new_first_degree,
      fresh.delta_second_degree,
      fresh.streak_days,
      fresh.connectors_rank,
      fresh.builders_rank,
      fresh.streak_rank
    ) is distinct from (
      stored.new_first_degree,
      stored.delta_second_degree,
      stored.streak_days,
      stored.connectors_rank,
      stored.builders_rank,
      stored.streak_rank
    )
), deleted as (
  delete from weekly_leaderboard as target
  using compared
  where compared.streak_days is null
    and (target.user_id, target.week_start) = (compared.user_id, week_start(compared.week))
  returning 1
), updated as (
  update weekly_leaderboard as target
  set
    new_first_degree = compared.new_first_degree,
    delta_second_degree = compared.delta_second_degree,
    streak_days = compared.streak_days,
    connectors_rank = compared.connectors_rank,
    builders_rank = compared.builders_rank,
    streak_rank = compared.streak_rank
  from compared
  where compared.streak_days is not null
    and compared.is_stored
    and (target.user_id, target.week_start) = (compared.user_id, week_start(compared.week))
  returning 1
), inserted as (
  insert into weekly_leaderboard (
    user_id,
    year,
    iso_week,
    new_first_degree,
    delta_second_degree,
    streak_days,
    connectors_rank,
    builders_rank,
    streak_rank
  )
  select
    compared.user_id,
    extract(isoyear from week_start(compared.week)),
    extract(week from week_start(compared.week)),
    compared.new_first_degree,
    compared.delta_second_degree,
    compared.streak_days,
    compared.connectors_rank,
    compared.builders_rank,
    compared.streak_rank
  from compared
  where not compared.is_stored
  order by compared.user_id, compared.week
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
