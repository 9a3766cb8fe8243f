-- Stretches of consecutive active days. Only the stretch around a day that appeared or vanished is walked again.
-- A repair also removes stretches of keys that belong to nobody.
--! reads: changed_user_day, batch_day, batch_user, user_key, user_day_activity, activity_run
--! writes: activity_run, changed_run
--! fills: activity_run
--! grain: user_key, ended_on
with flipped as (
  select changed_user_day.user_id, changed_user_day.day
  from changed_user_day
  left join batch_day on batch_day.day = changed_user_day.day and batch_day.forced
  where changed_user_day.was_active <> changed_user_day.is_active or batch_day.forced
), bound as (
  select flipped.user_id, flipped.day as from_day, flipped.day as to_day, flipped.day as flipped_day
  from flipped
  union all
  select flipped.user_id, activity_run.started_on, activity_run.ended_on, null
  from flipped
  join user_key on user_key.user_id = flipped.user_id
  join activity_run
    on activity_run.user_key = user_key.user_key
    and activity_run.ended_on >= flipped.day - 1
    and activity_run.started_on <= flipped.day + 1
  union all
  select batch_user.user_id, date '0001-01-01', date '9999-12-31', date '0001-01-01'
  from batch_user
), region as (
  select
    user_key.user_key,
    bound.user_id,
    min(bound.from_day) as from_day,
    max(bound.to_day) as to_day,
    min(bound.flipped_day) as flipped_day
  from bound
  join user_key on user_key.user_id = bound.user_id
  group by user_key.user_key, bound.user_id
), active_day as (
  -- Consecutive days less their running number give the same date: the gaps-and-islands trick.
  select
    region.user_key,
    user_day_activity.day,
    user_day_activity.day
      - (row_number() over (partition by region.user_key order by user_day_activity.day))::integer as island
  from region
  join user_day_activity
    on user_day_activity.user_id = region.user_id
    and user_day_activity.day between region.from_day and region.to_day
), fresh as (
  select active_day.user_key, min(active_day.day) as started_on, max(active_day.day) as ended_on
  from active_day
  group by active_day.user_key, active_day.island
), stored as (
  select activity_run.user_key, activity_run.started_on, activity_run.ended_on
  from region
  join activity_run
    on activity_run.user_key = region.user_key
    and activity_run.ended_on >= region.from_day
    and activity_run.started_on <= region.to_day
  union all
  select activity_run.user_key, activity_run.started_on, activity_run.ended_on
  from activity_run
  left join user_key on user_key.user_key = activity_run.user_key
  where exists (select from batch_user)
    and user_key.user_key is null
), compared as (
  select user_key, ended_on, fresh.started_on, stored.started_on as stored_started_on
  from fresh
  full join stored using (user_key, ended_on)
  where fresh.started_on is distinct from stored.started_on
), deleted as (
  delete from activity_run as target
  using compared
  where compared.started_on is null
    and (target.user_key, target.ended_on) = (compared.user_key, compared.ended_on)
  returning 1
), updated as (
  update activity_run as target
  set started_on = compared.started_on
  from compared
  where compared.started_on is not null
    and compared.stored_started_on is not null
    and (target.user_key, target.ended_on) = (compared.user_key, compared.ended_on)
  returning 1
), inserted as (
  insert into activity_run (user_key, started_on, ended_on)
  select compared.user_key, compared.started_on, compared.ended_on
  from compared
  where compared.stored_started_on is null
  order by compared.user_key, compared.ended_on
  returning 1
), noted as (
  insert into changed_run (user_id, from_day, to_day)
  select region.user_id, region.flipped_day, region.to_day
  from region
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
