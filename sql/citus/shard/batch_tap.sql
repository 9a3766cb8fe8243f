-- What this server is told of the taps that a shard read: those that are ignored, how many are valid (of each pair
-- once, for its taps are read beside both users), and who has no private key yet.
select
  batch_tap.day,
  batch_tap.ignored_because,
  batch_tap.u1,
  batch_tap.u2,
  batch_tap.unknown_sides,
  batch_tap.tap_count,
  batch_tap.first_tap_at,
  batch_tap.last_tap_at,
  batch_tap.tap_digest
from batch_tap
where batch_tap.ignored_because is not null
union all
select
  batch_tap.day,
  null,
  null,
  null,
  null,
  sum(batch_tap.tap_count)::integer,
  min(batch_tap.first_tap_at),
  max(batch_tap.last_tap_at),
  sum(batch_tap.tap_digest)
from batch_tap
where batch_tap.ignored_because is null
  and shard_of(batch_tap.u1) = (select this_shard.shard from this_shard)
group by batch_tap.day
union all
select min(side.day), null, side.user_id, null, null, 0, min(side.first_tap_at), min(side.first_tap_at), 0
from (
  select batch_tap.u1 as user_id, batch_tap.day, batch_tap.first_tap_at
  from batch_tap
  where batch_tap.ignored_because is null
  union all
  select batch_tap.u2, batch_tap.day, batch_tap.first_tap_at
  from batch_tap
  where batch_tap.ignored_because is null
) as side
left join user_key on user_key.user_id = side.user_id
where user_key.user_id is null
  and shard_of(side.user_id) = (select this_shard.shard from this_shard)
group by side.user_id
