-- The viewer's taps within 25 km of the centre of a city, by hour and partner, and by partner in the last 60 minutes.
-- $1 user, $2 user_key or null, $3 start of the window, $4 its end, $5 from when on the source is read,
-- $6 the stored zone, $7 the city. Taps without coordinates are left out.
-- From $5 on every tap is looked for in the source; before it only on the days and in the spans of the day that the
-- viewer's pairs are known to have tapped in, and on days that are not processed.
with viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.u2_key as partner_key
  from pair
  where pair.u1_key = $2::integer and pair.last_tap_at >= $3::timestamptz
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key
  from pair
  where pair.u2_key = $2::integer and pair.last_tap_at >= $3::timestamptz
), known_day as (
  select partner.user_id as partner_id, pair_day.tap_count, pair_day.first_tap_at, pair_day.last_tap_at
  from viewer_pair
  join pair_day
    on pair_day.u1_key = viewer_pair.u1_key
    and pair_day.u2_key = viewer_pair.u2_key
    and pair_day.day >= ($3::timestamptz at time zone $6::text)::date
    and pair_day.day <= ($5::timestamptz at time zone $6::text)::date
  join user_key as partner on partner.user_key = viewer_pair.partner_key
), unread_day as (
  select
    greatest($3::timestamptz, day.day at time zone $6::text) as starts_at,
    least($5::timestamptz, (day.day + interval '1 day') at time zone $6::text) as ends_at
  from generate_series(
    ($3::timestamptz at time zone $6::text)::date::timestamp,
    ($5::timestamptz at time zone $6::text)::date::timestamp,
    interval '1 day'
  ) as day (day)
  left join processed_day on processed_day.day = day.day::date
  where processed_day.day is null
), source_range as (
  select $5::timestamptz as starts_at, $4::timestamptz + interval '1 microsecond' as ends_at
  union all
  select unread_day.starts_at, unread_day.ends_at from unread_day
), city as (
  select gazetteer_place.latitude, gazetteer_place.longitude
  from gazetteer_name
  join gazetteer_place on gazetteer_place.place_id = gazetteer_name.place_id
  where gazetteer_name.name_key = place_key($7::text)
  order by gazetteer_name.population desc, gazetteer_name.place_id
  limit 1
), viewer_tap as (
  select known_day.partner_id, tap.tapped_at, tap.latitude, tap.longitude
  from known_day
  join tap
    on tap.tap_time >= known_day.first_tap_at
    and tap.tap_time <= known_day.last_tap_at
    and tap.tap_time < $5::timestamptz
    and (
      (tap.id1 = $1::uuid and tap.id2 = known_day.partner_id)
      or (tap.id2 = $1::uuid and tap.id1 = known_day.partner_id)
    )
  union all
  select
    case when tap.id1 = $1::uuid then tap.id2 else tap.id1 end,
    tap.tapped_at,
    tap.latitude,
    tap.longitude
  from source_range
  join tap on tap.tap_time >= source_range.starts_at and tap.tap_time < source_range.ends_at
  where (tap.id1 = $1::uuid or tap.id2 = $1::uuid)
    and tap.id1 <> tap.id2
), found as (
  select viewer_tap.partner_id, viewer_tap.tapped_at
  from viewer_tap
  join city
    on 2 * 6371 * asin(least(1, sqrt(
      power(sind((viewer_tap.latitude - city.latitude) / 2), 2)
      + cosd(city.latitude) * cosd(viewer_tap.latitude)
        * power(sind((viewer_tap.longitude - city.longitude) / 2), 2)
    ))) <= 25
  where viewer_tap.latitude between -90 and 90
    and viewer_tap.longitude between -180 and 180
    and not (viewer_tap.latitude = 0 and viewer_tap.longitude = 0)
), counted as (
  select
    found.partner_id,
    floor(extract(epoch from found.tapped_at - $3::timestamptz) / 3600)::integer as hour,
    count(*)::integer as count,
    (count(*) filter (where found.tapped_at > $4::timestamptz - interval '60 minutes'))::integer as count_60_minutes
  from found
  where found.tapped_at >= $3::timestamptz
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
