-- The stretch of days of each user whose runs are walked again: around the days that appeared or vanished, from the
-- beginning of the run before to the end of the run after.
--! reads: changed_user_day, user_key
--! before: activity_run
--! writes: run_scope
--! grain: user_key
--! spread: by_user
with flipped as (
  select changed_user_day.user_id, changed_user_day.day
  from changed_user_day
  where changed_user_day.was_active <> changed_user_day.is_active
), bound as (
  select user_key.user_key, flipped.user_id, flipped.day as from_day, flipped.day as to_day, flipped.day as flipped_day
  from flipped
  join user_key on user_key.user_id = flipped.user_id
  union all
  select user_key.user_key, flipped.user_id, activity_run.started_on, activity_run.ended_on, null
  from flipped
  join user_key on user_key.user_id = flipped.user_id
  join activity_run
    on activity_run.user_key = user_key.user_key
    and activity_run.ended_on >= flipped.day - 1
    and activity_run.started_on <= flipped.day + 1
)
select
  bound.user_key,
  bound.user_id,
  min(bound.from_day) as from_day,
  max(bound.to_day) as to_day,
  min(bound.flipped_day) as flipped_day,
  count(bound.flipped_day)::integer as flipped_count
from bound
group by bound.user_key, bound.user_id
