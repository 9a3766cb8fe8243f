-- The viewer's taps of the window by hour and partner, and by partner in the last 60 minutes.
-- $1 user, $2 user_key or null, $3 start of the window, $4 its end, $5 the stored zone, $6 a city or null: then only taps
-- within 25 km of its centre count, and taps without coordinates don't.
-- The source is read for the running day and for days that are not processed, so that the last hours are live. What is
-- older the pairs' days know to the microsecond; where a city is asked for, each tap is looked up by that time for its
-- coordinates.
with viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.u2_key as partner_key
  from pair
  where pair.u1_key = $2::integer and pair.last_tap_at >= $3::timestamptz
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key
  from pair
  where pair.u2_key = $2::integer and pair.last_tap_at >= $3::timestamptz
), known_day as materialized (
  select
    partner.user_id as partner_id,
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from viewer_pair
  join pair_day
    on pair_day.u1_key = viewer_pair.u1_key
    and pair_day.u2_key = viewer_pair.u2_key
    and pair_day.day >= ($3::timestamptz at time zone $5::text)::date
    and pair_day.day < ($4::timestamptz at time zone $5::text)::date
  join user_key as partner on partner.user_key = viewer_pair.partner_key
), known_tap as (
  select known_day.partner_id, known_day.first_tap_at as tapped_at
  from known_day
  union all
  select known_day.partner_id, known_day.last_tap_at
  from known_day
  where known_day.tap_count > 1
  union all
  select known_day.partner_id, between_tap.tapped_at
  from known_day
  join pair_day_tap
    on pair_day_tap.u1_key = known_day.u1_key
    and pair_day_tap.u2_key = known_day.u2_key
    and pair_day_tap.day = known_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as between_tap (tapped_at)
  where known_day.tap_count > 2
), unread_day as (
  select
    greatest($3::timestamptz, window_day.day at time zone $5::text) as starts_at,
    least($4::timestamptz + interval '1 microsecond', (window_day.day + interval '1 day') at time zone $5::text) as ends_at
  from generate_series(
    ($3::timestamptz at time zone $5::text)::date::timestamp,
    ($4::timestamptz at time zone $5::text)::date::timestamp,
    interval '1 day'
  ) as window_day (day)
  left join processed_day on processed_day.day = window_day.day::date
  where processed_day.day is null
    or window_day.day::date = ($4::timestamptz at time zone $5::text)::date
), live_tap as (
  select
    case when tap.id1 = $1::uuid then tap.id2 else tap.id1 end as partner_id,
    tap.tapped_at,
    tap.latitude,
    tap.longitude
  from unread_day
  join tap on tap.tap_time >= unread_day.starts_at and tap.tap_time < unread_day.ends_at
  where (tap.id1 = $1::uuid or tap.id2 = $1::uuid)
    and tap.id1 <> tap.id2
), city as (
  select gazetteer_place.latitude, gazetteer_place.longitude
  from gazetteer_name
  join gazetteer_place on gazetteer_place.place_id = gazetteer_name.place_id
  where gazetteer_name.name_key = place_key($6::text)
  order by gazetteer_name.population desc, gazetteer_name.place_id
  limit 1
), located_tap as (
  -- Two taps of a pair at one moment are one moment and two taps.
  select moment.partner_id, tap.tapped_at, tap.latitude, tap.longitude
  from (select distinct known_tap.partner_id, known_tap.tapped_at from known_tap where $6::text is not null) as moment
  join tap
    on tap.tap_time = moment.tapped_at
    and (
      (tap.id1 = $1::uuid and tap.id2 = moment.partner_id)
      or (tap.id2 = $1::uuid and tap.id1 = moment.partner_id)
    )
  union all
  select live_tap.partner_id, live_tap.tapped_at, live_tap.latitude, live_tap.longitude
  from live_tap
  where $6::text is not null
), found as (
  select known_tap.partner_id, known_tap.tapped_at
  from known_tap
  where $6::text is null
  union all
  select live_tap.partner_id, live_tap.tapped_at
  from live_tap
  where $6::text is null
  union all
  select located_tap.partner_id, located_tap.tapped_at
  from located_tap
  join city
    on 2 * 6371 * asin(least(1, sqrt(
      power(sind((located_tap.latitude - city.latitude) / 2), 2)
      + cosd(city.latitude) * cosd(located_tap.latitude)
        * power(sind((located_tap.longitude - city.longitude) / 2), 2)
    ))) <= 25
  where located_tap.latitude between -90 and 90
    and located_tap.longitude between -180 and 180
    and not (located_tap.latitude = 0 and located_tap.longitude = 0)
), counted as (
  select
    found.partner_id,
    floor(extract(epoch from found.tapped_at - $3::timestamptz) / 3600)::integer as hour,
    count(*)::integer as count,
    (count(*) filter (where found.tapped_at > $4::timestamptz - interval '60 minutes'))::integer as count_60_minutes
  from found
  where found.tapped_at >= $3::timestamptz
    and found.tapped_at <= $4::timestamptz
  group by found.partner_id, hour
)
select
  counted.hour,
  counted.partner_id as user_id,
  coalesce(app_user.name, '') as name,
  app_user.opted_out,
  counted.count,
  counted.count_60_minutes
from counted
join app_user on app_user.id = counted.partner_id
order by counted.hour, counted.count desc, counted.partner_id
