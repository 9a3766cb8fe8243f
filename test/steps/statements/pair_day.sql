-- stage
create temp table stage as
select
  u1_key,
  u2_key,
  day,
  wanted.tap_count,
  wanted.first_tap_at,
  wanted.last_tap_at,
  stored.tap_count as old_tap_count,
  stored.first_tap_at as old_first_tap_at,
  stored.last_tap_at as old_last_tap_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    u1_key,
    u2_key,
    day,
    tap_count,
    first_tap_at,
    last_tap_at,
    true as is_wanted
  from (
    select
      key1.user_key as u1_key,
      key2.user_key as u2_key,
      batch_tap.day,
      batch_tap.tap_count,
      batch_tap.first_tap_at,
      batch_tap.last_tap_at
    from batch_tap
    join user_key as key1 on key1.user_id = batch_tap.u1
    join user_key as key2 on key2.user_id = batch_tap.u2
    where batch_tap.ignored_because is null
  ) as selected
) as wanted
full join (
  select
    stored.u1_key,
    stored.u2_key,
    stored.day,
    stored.tap_count,
    stored.first_tap_at,
    stored.last_tap_at,
    true as is_stored
  from pair_day as stored
  join batch_day on batch_day.day = stored.day
) as stored using (u1_key, u2_key, day)
where (wanted.is_wanted, wanted.tap_count, wanted.first_tap_at, wanted.last_tap_at)
  is distinct from (stored.is_stored, stored.tap_count, stored.first_tap_at, stored.last_tap_at);

-- delete
delete from pair_day as target
using stage
where not stage.is_wanted
  and (target.u1_key, target.u2_key, target.day) = (stage.u1_key, stage.u2_key, stage.day);

-- upsert
insert into pair_day as target (u1_key, u2_key, day, tap_count, first_tap_at, last_tap_at)
select stage.u1_key, stage.u2_key, stage.day, stage.tap_count, stage.first_tap_at, stage.last_tap_at
from stage
where stage.is_wanted
order by stage.day, stage.u1_key, stage.u2_key
on conflict (u1_key, u2_key, day) do update set
  tap_count = excluded.tap_count,
  first_tap_at = excluded.first_tap_at,
  last_tap_at = excluded.last_tap_at;

-- note
insert into changed_pair_day (u1_key, u2_key, day, tap_count, first_tap_at, last_tap_at)
select stage.u1_key, stage.u2_key, stage.day, stage.tap_count, stage.first_tap_at, stage.last_tap_at from stage;
