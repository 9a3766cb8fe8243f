-- stage, $1 steps_sha256, $2 run_id
create temp table stage as
select
  day,
  wanted.tap_count,
  wanted.tap_digest,
  wanted.stranger_digest,
  wanted.null_id_count,
  wanted.self_tap_count,
  wanted.unknown_user_count,
  wanted.steps_sha256,
  wanted.run_id,
  stored.tap_count as old_tap_count,
  stored.tap_digest as old_tap_digest,
  stored.stranger_digest as old_stranger_digest,
  stored.null_id_count as old_null_id_count,
  stored.self_tap_count as old_self_tap_count,
  stored.unknown_user_count as old_unknown_user_count,
  stored.steps_sha256 as old_steps_sha256,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    day,
    tap_count,
    tap_digest,
    stranger_digest,
    null_id_count,
    self_tap_count,
    unknown_user_count,
    steps_sha256,
    run_id,
    true as is_wanted
  from (
    select
      batch_day.day,
      coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because is null), 0)::integer as tap_count,
      coalesce(sum(batch_tap.tap_digest), 0) as tap_digest,
      coalesce(sum(batch_tap.tap_digest * batch_tap.unknown_sides), 0) as stranger_digest,
      coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'null id'), 0)::integer as null_id_count,
      coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'self tap'), 0)::integer as self_tap_count,
      coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'unknown user'), 0)::integer
        as unknown_user_count,
      $1::text as steps_sha256,
      $2::integer as run_id
    from batch_day
    left join batch_tap on batch_tap.day = batch_day.day
    where not batch_day.is_frozen
    group by batch_day.day
    union all
    select
      processed_day.day,
      coalesce(kept.tap_count, 0),
      processed_day.tap_digest,
      processed_day.stranger_digest,
      processed_day.null_id_count,
      processed_day.self_tap_count,
      greatest(0, processed_day.unknown_user_count + processed_day.tap_count - coalesce(kept.tap_count, 0)),
      processed_day.steps_sha256,
      $2::integer
    from batch_day
    join processed_day on processed_day.day = batch_day.day
    left join (
      select batch_tap.day, sum(batch_tap.tap_count)::integer as tap_count
      from batch_tap
      group by batch_tap.day
    ) as kept on kept.day = batch_day.day
    where batch_day.is_frozen
  ) as selected
) as wanted
full join (
  select
    stored.day,
    stored.tap_count,
    stored.tap_digest,
    stored.stranger_digest,
    stored.null_id_count,
    stored.self_tap_count,
    stored.unknown_user_count,
    stored.steps_sha256,
    true as is_stored
  from processed_day as stored
  join batch_day on batch_day.day = stored.day
) as stored using (day)
where (wanted.is_wanted, wanted.tap_count, wanted.tap_digest, wanted.stranger_digest, wanted.null_id_count, wanted.self_tap_count, wanted.unknown_user_count, wanted.steps_sha256)
  is distinct from (stored.is_stored, stored.tap_count, stored.tap_digest, stored.stranger_digest, stored.null_id_count, stored.self_tap_count, stored.unknown_user_count, stored.steps_sha256);

-- delete
delete from processed_day as target
using stage
where not stage.is_wanted
  and target.day = stage.day;

-- upsert
insert into processed_day as target (day, tap_count, tap_digest, stranger_digest, null_id_count, self_tap_count, unknown_user_count, steps_sha256, run_id)
select stage.day, stage.tap_count, stage.tap_digest, stage.stranger_digest, stage.null_id_count, stage.self_tap_count, stage.unknown_user_count, stage.steps_sha256, stage.run_id
from stage
where stage.is_wanted
order by stage.day
on conflict (day) do update set
  tap_count = excluded.tap_count,
  tap_digest = excluded.tap_digest,
  stranger_digest = excluded.stranger_digest,
  null_id_count = excluded.null_id_count,
  self_tap_count = excluded.self_tap_count,
  unknown_user_count = excluded.unknown_user_count,
  steps_sha256 = excluded.steps_sha256,
  run_id = excluded.run_id;
