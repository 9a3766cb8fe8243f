-- stage
create temp table stage as
select
  u1_key,
  u2_key,
  day,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.u1_key,
    stored.u2_key,
    stored.day,
    true as is_stored
  from pair_day as stored
  left join processed_day on processed_day.day = stored.day
  left join batch_day on batch_day.day = stored.day
  left join user_key as key1 on key1.user_key = stored.u1_key
  left join user_key as key2 on key2.user_key = stored.u2_key
  left join own_user as own1 on own1.user_key = stored.u1_key
  left join own_user as own2 on own2.user_key = stored.u2_key
  where (processed_day.day is null and batch_day.day is null)
    or key1.user_key is null
    or key2.user_key is null
    or (own1.user_key is null and own2.user_key is null)
) as stored;

-- delete
delete from pair_day as target
using stage
where not stage.is_wanted
  and (target.u1_key, target.u2_key, target.day) = (stage.u1_key, stage.u2_key, stage.day);

-- note
insert into changed_pair_day (u1_key, u2_key, day, tap_count, first_tap_at, last_tap_at)
select stage.u1_key, stage.u2_key, stage.day, null::integer, null::timestamptz, null::timestamptz from stage;
