-- stage, $1 as_of_day, $2 alive_from_day, $3 zone
create temp table stage as
select
  user_id,
  wanted.current_streak_days,
  wanted.longest_streak_days,
  wanted.last_active_day,
  wanted.streak_started_on,
  wanted.last_tap_at,
  stored.current_streak_days as old_current_streak_days,
  stored.longest_streak_days as old_longest_streak_days,
  stored.last_active_day as old_last_active_day,
  stored.streak_started_on as old_streak_started_on,
  stored.last_tap_at as old_last_tap_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_id,
    current_streak_days,
    longest_streak_days,
    last_active_day,
    streak_started_on,
    last_tap_at,
    true as is_wanted
  from (
    with scope_user as (
      select
        streak_scope.user_key,
        streak_scope.user_id,
        latest.ended_on as last_active_day,
        latest.started_on as streak_started_on,
        (
          select max(activity_run.ended_on - activity_run.started_on) + 1
          from activity_run
          where activity_run.user_key = streak_scope.user_key
        ) as longest_streak_days
      from streak_scope
      cross join lateral (
        select activity_run.ended_on, activity_run.started_on
        from activity_run
        where activity_run.user_key = streak_scope.user_key and activity_run.ended_on <= $1::date
        order by activity_run.ended_on desc
        limit 1
      ) as latest
    ), last_day as (
      select
        counted.day,
        tapped.day as tapped_day,
        counted.user_count
          > greatest(coalesce(processed_day.tap_count, 0) / 100, least(coalesce(processed_day.tap_count, 0), 3)) as is_whole
      from (select last_active_day as day, count(*) as user_count from scope_user group by last_active_day) as counted
      left join processed_day on processed_day.day = counted.day
      cross join lateral (select counted.day::timestamp + interval '12 hours' as noon) as here
      cross join lateral (
        select counted.day
        union all
        select counted.day - 1
        where here.noon at time zone $3::text - (here.noon - interval '1 day') at time zone $3::text > interval '24 hours'
      ) as tapped (day)
    ), last_day_tap as (
      select pair_day.u1_key as user_key, last_day.day, pair_day.last_tap_at
      from last_day
      join pair_day on pair_day.day = last_day.tapped_day
      where last_day.is_whole
      union all
      select pair_day.u2_key, last_day.day, pair_day.last_tap_at
      from last_day
      join pair_day on pair_day.day = last_day.tapped_day
      where last_day.is_whole
      union all
      select scope_user.user_key, last_day.day, pair.last_tap_at
      from last_day
      join scope_user on scope_user.last_active_day = last_day.day
      join pair on pair.u1_key = scope_user.user_key and pair.last_day = last_day.tapped_day
      where not last_day.is_whole
      union all
      select scope_user.user_key, last_day.day, pair.last_tap_at
      from last_day
      join scope_user on scope_user.last_active_day = last_day.day
      join pair on pair.u2_key = scope_user.user_key and pair.last_day = last_day.tapped_day
      where not last_day.is_whole
    )
    select
      scope_user.user_id,
      case
        when scope_user.last_active_day >= $2::date then scope_user.last_active_day - scope_user.streak_started_on + 1
        else 0
      end as current_streak_days,
      scope_user.longest_streak_days,
      scope_user.last_active_day,
      scope_user.streak_started_on,
      max(last_day_tap.last_tap_at) as last_tap_at
    from scope_user
    join last_day_tap
      on last_day_tap.user_key = scope_user.user_key and last_day_tap.day = scope_user.last_active_day
    group by
      scope_user.user_id,
      scope_user.longest_streak_days,
      scope_user.last_active_day,
      scope_user.streak_started_on
  ) as selected
) as wanted
full join (
  select
    stored.user_id,
    stored.current_streak_days,
    stored.longest_streak_days,
    stored.last_active_day,
    stored.streak_started_on,
    stored.last_tap_at,
    true as is_stored
  from streak_scope
  join user_streaks as stored on stored.user_id = streak_scope.user_id
) as stored using (user_id)
where (wanted.is_wanted, wanted.current_streak_days, wanted.longest_streak_days, wanted.last_active_day, wanted.streak_started_on, wanted.last_tap_at)
  is distinct from (stored.is_stored, stored.current_streak_days, stored.longest_streak_days, stored.last_active_day, stored.streak_started_on, stored.last_tap_at);

-- delete
delete from user_streaks as target
using stage
where not stage.is_wanted
  and target.user_id = stage.user_id;

-- upsert
insert into user_streaks as target (user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at)
select stage.user_id, stage.current_streak_days, stage.longest_streak_days, stage.last_active_day, stage.streak_started_on, stage.last_tap_at
from stage
where stage.is_wanted
order by stage.user_id
on conflict (user_id) do update set
  current_streak_days = excluded.current_streak_days,
  longest_streak_days = excluded.longest_streak_days,
  last_active_day = excluded.last_active_day,
  streak_started_on = excluded.streak_started_on,
  last_tap_at = excluded.last_tap_at;
