-- stage
create temp table stage as
select
  day,
  user_hash,
  wanted.is_known,
  stored.is_known as old_is_known,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    day,
    user_hash,
    is_known,
    true as is_wanted
  from (
    select distinct
      batch_tap.day,
      uuid_hash_extended(side.user_id, 0) as user_hash,
      side.is_known
    from batch_tap
    cross join lateral (
      values (batch_tap.u1, batch_tap.unknown_sides = 2), (batch_tap.u2, batch_tap.unknown_sides = 1)
    ) as side (user_id, is_known)
    where batch_tap.ignored_because = 'unknown user'
  ) as selected
) as wanted
full join (
  select
    stored.day,
    stored.user_hash,
    stored.is_known,
    true as is_stored
  from unknown_user_day as stored
  join batch_day on batch_day.day = stored.day
) as stored using (day, user_hash)
where (wanted.is_wanted, wanted.is_known)
  is distinct from (stored.is_stored, stored.is_known);

-- delete
delete from unknown_user_day as target
using stage
where not stage.is_wanted
  and (target.day, target.user_hash) = (stage.day, stage.user_hash);

-- upsert
insert into unknown_user_day as target (day, user_hash, is_known)
select stage.day, stage.user_hash, stage.is_known
from stage
where stage.is_wanted
order by stage.day, stage.user_hash
on conflict (day, user_hash) do update set
  is_known = excluded.is_known;
