-- The one reading of the taps in the stretches of time of {{ranges}}, where the taps are spread over a cluster: its
-- nodes are not read at one moment, so that a second statement could see a tap that the first one did not.
insert into source_reading (
  tap_time, tapped_at, ignored_because, u1, u2, latitude, longitude, tap_hash, unknown_sides
)
select
  classified_tap.tap_time,
  classified_tap.tapped_at,
  classified_tap.ignored_because,
  classified_tap.u1,
  classified_tap.u2,
  classified_tap.latitude,
  classified_tap.longitude,
  classified_tap.tap_hash,
  classified_tap.unknown_sides
from classified_tap
join {{ranges}}
  on classified_tap.tap_time >= {{ranges}}.starts_at
  and classified_tap.tap_time < {{ranges}}.ends_at
