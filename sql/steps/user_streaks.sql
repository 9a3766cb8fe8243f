-- Longest, latest and running streak of the users whose days changed, or whose streak the passing of time has broken.
-- $1 is L; $2 is the earliest last day of a run that is still alive: L, or L - 1 while day L lasts.
--! reads: changed_user_day, batch_user, user_key, activity_run, pair_day, user_streaks
--! writes: user_streaks
--! fills: user_streaks
--! grain: user_id
--! params: as_of_day, alive_from_day
--! runs: always
with scope as (
  select user_id from changed_user_day
  union
  select user_id from batch_user
  union
  select user_id from user_streaks where current_streak_days > 0 and last_active_day < $2::date
  union
  select user_id from user_streaks where current_streak_days = 0 and last_active_day >= $2::date
), scope_user as (
  select
    user_key.user_key,
    scope.user_id,
    (
      select max(activity_run.ended_on)
      from activity_run
      where activity_run.user_key = user_key.user_key and activity_run.ended_on <= $1::date
    ) as last_active_day,
    (
      select max(activity_run.ended_on - activity_run.started_on) + 1
      from activity_run
      where activity_run.user_key = user_key.user_key
    ) as longest_streak_days
  from scope
  join user_key on user_key.user_id = scope.user_id
), last_day as (
  select distinct last_active_day as day from scope_user
), last_day_tap as (
  select pair_day.u1_key as user_key, pair_day.day, pair_day.last_tap_at
  from last_day
  join pair_day on pair_day.day = last_day.day
  union all
  select pair_day.u2_key, pair_day.day, pair_day.last_tap_at
  from last_day
  join pair_day on pair_day.day = last_day.day
), fresh as (
  select
    scope_user.user_id,
    case
      when scope_user.last_active_day >= $2::date then scope_user.last_active_day - activity_run.started_on + 1
      else 0
    end as current_streak_days,
    scope_user.longest_streak_days,
    scope_user.last_active_day,
    activity_run.started_on as streak_started_on,
    max(last_day_tap.last_tap_at) as last_tap_at
  from scope_user
  join activity_run
    on activity_run.user_key = scope_user.user_key and activity_run.ended_on = scope_user.last_active_day
  join last_day_tap
    on last_day_tap.user_key = scope_user.user_key and last_day_tap.day = scope_user.last_active_day
  group by
    scope_user.user_id,
    scope_user.longest_streak_days,
    scope_user.last_active_day,
    activity_run.started_on
), stored as (
  select
    user_streaks.user_id,
    user_streaks.current_streak_days,
    user_streaks.longest_streak_days,
    user_streaks.last_active_day,
    user_streaks.streak_started_on,
    user_streaks.last_tap_at
  from scope
  join user_streaks on user_streaks.user_id = scope.user_id
), compared as (
  select
    user_id,
    fresh.current_streak_days,
    fresh.longest_streak_days,
    fresh.last_active_day,
    fresh.streak_started_on,
    fresh.last_tap_at,
    stored.last_active_day is not null as is_stored
  from fresh
  full join stored using (user_id)
  where (
      fresh.current_streak_days,
      fresh.longest_streak_days,
      fresh.last_active_day,
      fresh.streak_started_on,
      fresh.last_tap_at
    ) is distinct from (
      stored.current_streak_days,
      stored.longest_streak_days,
      stored.last_active_day,
      stored.streak_started_on,
      stored.last_tap_at
    )
), deleted as (
  delete from user_streaks as target
  using compared
  where compared.last_active_day is null
    and target.user_id = compared.user_id
  returning 1
), updated as (
  update user_streaks as target
  set
    current_streak_days = compared.current_streak_days,
    longest_streak_days = compared.longest_streak_days,
    last_active_day = compared.last_active_day,
    streak_started_on = compared.streak_started_on,
    last_tap_at = compared.last_tap_at
  from compared
  where compared.last_active_day is not null
    and compared.is_stored
    and target.user_id = compared.user_id
  returning 1
), inserted as (
  insert into user_streaks (
    user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at
  )
  select
    compared.user_id,
    compared.current_streak_days,
    compared.longest_streak_days,
    compared.last_active_day,
    compared.streak_started_on,
    compared.last_tap_at
  from compared
  where not compared.is_stored
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
