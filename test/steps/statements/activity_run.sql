-- stage
create temp table stage as
select
  user_key,
  ended_on,
  wanted.started_on,
  stored.started_on as old_started_on,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_key,
    ended_on,
    started_on,
    true as is_wanted
  from (
    with active_day as (
      -- Consecutive days less their running number give the same date: the gaps-and-islands trick.
      select
        run_scope.user_key,
        user_day_activity.day,
        user_day_activity.day
          - (row_number() over (partition by run_scope.user_key order by user_day_activity.day))::integer as island
      from run_scope
      join user_day_activity
        on user_day_activity.user_id = run_scope.user_id
        and user_day_activity.day between run_scope.from_day and run_scope.to_day
    )
    select active_day.user_key, max(active_day.day) as ended_on, min(active_day.day) as started_on
    from active_day
    group by active_day.user_key, active_day.island
  ) as selected
) as wanted
full join (
  select
    stored.user_key,
    stored.ended_on,
    stored.started_on,
    true as is_stored
  from run_scope
  join activity_run as stored
    on stored.user_key = run_scope.user_key
    and stored.ended_on >= run_scope.from_day
    and stored.started_on <= run_scope.to_day
) as stored using (user_key, ended_on)
where (wanted.is_wanted, wanted.started_on)
  is distinct from (stored.is_stored, stored.started_on);

-- delete
delete from activity_run as target
using stage
where not stage.is_wanted
  and (target.user_key, target.ended_on) = (stage.user_key, stage.ended_on);

-- upsert
insert into activity_run as target (user_key, ended_on, started_on)
select stage.user_key, stage.ended_on, stage.started_on
from stage
where stage.is_wanted
order by stage.user_key, stage.ended_on
on conflict (user_key, ended_on) do update set
  started_on = excluded.started_on;

-- note
insert into changed_run (user_id, from_day, to_day)
select run_scope.user_id, run_scope.flipped_day, run_scope.to_day from run_scope;
