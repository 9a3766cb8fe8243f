-- The one reading of the taps of a batch, each beside both of its users: the nodes are not read at one moment, so that
-- a second statement could see a tap that the first one did not. An ignored tap is of nobody, and goes to any shard.
insert into {{reading}} (
  shard, tap_time, tapped_at, ignored_because, u1, u2, latitude, longitude, tap_hash, unknown_sides
)
select
  beside.shard,
  classified_tap.tap_time,
  classified_tap.tapped_at,
  classified_tap.ignored_because,
  classified_tap.u1,
  classified_tap.u2,
  classified_tap.latitude,
  classified_tap.longitude,
  classified_tap.tap_hash,
  classified_tap.unknown_sides
from {{schema}}.classified_tap
cross join lateral unnest(
  case
    when classified_tap.ignored_because is not null or {{schema}}.shard_of(classified_tap.u1) = {{schema}}.shard_of(classified_tap.u2)
      then array[coalesce({{schema}}.shard_of(coalesce(classified_tap.u1, classified_tap.u2)), {{first}})]
    else array[{{schema}}.shard_of(classified_tap.u1), {{schema}}.shard_of(classified_tap.u2)]
  end
) as beside (shard)
where {{ranges}}
