-- Cities in which the viewer tapped for the first time within the window, and the viewer's taps there since.
-- $1 user, $2 user_key, $3 last day of the window, $4 the viewer's zone; the viewer's cells in these cities: $5 cells,
-- $6 the ids of their places.
-- A tap is looked up by its pair and time, which are known, for its coordinates; those of a frozen day may be gone, and
-- are counted from what is stored of its cells.
with placed as (
  select given.geohash5, given.place_id
  from unnest($5::text[], $6::integer[]) as given (geohash5, place_id)
), visited as (
  select distinct user_cell_day.day
  from placed
  join user_cell_day on user_cell_day.user_key = $2::integer and user_cell_day.geohash5 = placed.geohash5
), visited_span as materialized (
  select min(visited.day) as from_day, max(visited.day) as to_day from visited
), viewer_pair as materialized (
  select pair.u1_key, pair.u2_key, pair.u2_key as partner_key
  from pair
  where pair.u1_key = $2::integer
    and pair.last_day >= (select visited_span.from_day - 1 from visited_span)
    and pair.first_day <= (select visited_span.to_day + 1 from visited_span)
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key
  from pair
  where pair.u2_key = $2::integer
    and pair.last_day >= (select visited_span.from_day - 1 from visited_span)
    and pair.first_day <= (select visited_span.to_day + 1 from visited_span)
), pair_span as materialized (
  -- By pair, not by day: a day of everybody's is much more than the viewer's own.
  select
    viewer_pair.partner_key,
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from viewer_pair
  join pair_day
    on pair_day.u1_key = viewer_pair.u1_key
    and pair_day.u2_key = viewer_pair.u2_key
    and pair_day.day >= (select visited_span.from_day from visited_span)
    and pair_day.day <= (select visited_span.to_day from visited_span)
), known_day as materialized (
  select
    partner.user_id as partner_id,
    pair_span.u1_key,
    pair_span.u2_key,
    pair_span.day,
    pair_span.first_tap_at,
    pair_span.last_tap_at,
    coalesce(pair_span.day <= (select max(frozen_day.day) from frozen_day), false) as is_frozen
  from pair_span
  join user_key as partner on partner.user_key = pair_span.partner_key
  -- An array is made once; a join would look the days up again for every span.
  where pair_span.day = any (array(select visited.day from visited))
), moment as (
  -- Two taps of a pair at one moment are one moment and two taps.
  select known_day.partner_id, known_day.first_tap_at as tapped_at from known_day where not known_day.is_frozen
  union
  select known_day.partner_id, known_day.last_tap_at from known_day where not known_day.is_frozen
  union
  select known_day.partner_id, between_tap.tapped_at
  from known_day
  join pair_day_tap
    on pair_day_tap.u1_key = known_day.u1_key
    and pair_day_tap.u2_key = known_day.u2_key
    and pair_day_tap.day = known_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as between_tap (tapped_at)
  where not known_day.is_frozen
), tapped as materialized (
  select geohash5(tap.latitude, tap.longitude) as geohash5, 1 as tap_count
  from moment
  join tap
    on tap.tap_time = moment.tapped_at
    and (
      (tap.id1 = $1::uuid and tap.id2 = moment.partner_id)
      or (tap.id2 = $1::uuid and tap.id1 = moment.partner_id)
    )
  where tap.latitude between -90 and 90
    and tap.longitude between -180 and 180
    and not (tap.latitude = 0 and tap.longitude = 0)
    and (tap.tapped_at at time zone $4::text)::date <= $3::date
  union all
  select frozen_cell.geohash5, frozen_cell.tap_count
  from (
    -- By cell and day, and by itself: everybody's cells of a day are much more.
    select user_cell_day.day, user_cell_day.geohash5
    from placed
    join user_cell_day on user_cell_day.user_key = $2::integer and user_cell_day.geohash5 = placed.geohash5
    where user_cell_day.day <= (select max(frozen_day.day) from frozen_day)
    offset 0
  ) as own
  join frozen_cell
    on frozen_cell.day = own.day
    and frozen_cell.geohash5 = own.geohash5
    and $2::integer in (frozen_cell.u1_key, frozen_cell.u2_key)
  where (frozen_cell.first_tap_at at time zone $4::text)::date <= $3::date
)
select gazetteer_place.name as city, sum(tapped.tap_count)::integer as new_taps
from placed
join gazetteer_place on gazetteer_place.place_id = placed.place_id
join tapped on tapped.geohash5 = placed.geohash5
group by gazetteer_place.place_id, gazetteer_place.name
order by new_taps desc, city, gazetteer_place.place_id
