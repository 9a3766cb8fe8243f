-- The viewer's taps by hour and partner, and the partners of the last 60 minutes: one row.
-- $1 user, $2 user_key or null, $3 hours of the window, the current one included, $4 its end, $5 the stored zone, $6
-- the place_id of a city or null: then only taps within 25 km of its centre count, and taps without coordinates don't,
-- $7 the viewer's zone, in which the hours begin: zones are offset by minutes that are no multiple of 60.
-- $8 the viewer's taps of days that are not processed and of those from $9 on, which may have taps that no batch has
-- seen, as a JSON text, so that the last hours are live; null: they are read here, because they are too many to be read
-- for all viewers at once (sql/api/live_tap.sql). What is older the pairs' days know to the microsecond; where a city
-- is asked for, each tap is looked up by that time for its coordinates.
with window_hour as (
  select
    $4::timestamptz - (local.now - date_trunc('hour', local.now)) - make_interval(hours => $3::integer - 1) as starts_at
  from (select $4::timestamptz at time zone $7::text as now) as local
), asked as materialized (
  -- The last 60 minutes begin before a window of one hour.
  select window_hour.starts_at, least(window_hour.starts_at, $4::timestamptz - interval '60 minutes') as read_from
  from window_hour
), viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.u2_key as partner_key
  from pair
  where pair.u1_key = $2::integer and pair.last_tap_at >= (select asked.read_from from asked)
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key
  from pair
  where pair.u2_key = $2::integer and pair.last_tap_at >= (select asked.read_from from asked)
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
    and pair_day.day >= ((select asked.read_from from asked) at time zone $5::text)::date
    and pair_day.day < $9::date
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
  -- From three hours before the day: where a clock is set back at midnight, it begins twice.
  select
    window_day.day::date as day,
    greatest(
      (select asked.read_from from asked),
      window_day.day at time zone $5::text - interval '3 hours'
    ) as starts_at,
    least($4::timestamptz + interval '1 microsecond', (window_day.day + interval '1 day') at time zone $5::text) as ends_at
  from generate_series(
    ((select asked.read_from from asked) at time zone $5::text)::date::timestamp,
    ($4::timestamptz at time zone $5::text)::date::timestamp,
    interval '1 day'
  ) as window_day (day)
  left join processed_day on processed_day.day = window_day.day::date
  where processed_day.day is null
    or window_day.day::date >= $9::date
), live_tap as (
  select
    case when tap.id1 = $1::uuid then tap.id2 else tap.id1 end as partner_id,
    tap.tapped_at,
    tap.latitude,
    tap.longitude
  from unread_day
  join tap on tap.tap_time >= unread_day.starts_at and tap.tap_time < unread_day.ends_at
  where $8::text is null
    and (tap.tapped_at at time zone $5::text)::date = unread_day.day
    and (tap.id1 = $1::uuid or tap.id2 = $1::uuid)
    and tap.id1 <> tap.id2
  union all
  select given.partner_id, given.tapped_at, given.latitude, given.longitude
  from json_to_recordset($8::json) as given (
    partner_id uuid, tapped_at timestamptz, latitude double precision, longitude double precision
  )
), city as (
  select gazetteer_place.latitude, gazetteer_place.longitude
  from gazetteer_place
  where gazetteer_place.place_id = $6::integer
), located_tap as (
  -- Two taps of a pair at one moment are one moment and two taps.
  select moment.partner_id, tap.tapped_at, tap.latitude, tap.longitude
  from (select distinct known_tap.partner_id, known_tap.tapped_at from known_tap where $6::integer is not null) as moment
  join tap
    on tap.tap_time = moment.tapped_at
    and (
      (tap.id1 = $1::uuid and tap.id2 = moment.partner_id)
      or (tap.id2 = $1::uuid and tap.id1 = moment.partner_id)
    )
  union all
  select live_tap.partner_id, live_tap.tapped_at, live_tap.latitude, live_tap.longitude
  from live_tap
  where $6::integer is not null
), found as (
  select known_tap.partner_id, known_tap.tapped_at
  from known_tap
  where $6::integer is null
  union all
  select live_tap.partner_id, live_tap.tapped_at
  from live_tap
  where $6::integer is null
  union all
  select located_tap.partner_id, located_tap.tapped_at
  from located_tap
  join city
    on kilometres(located_tap.latitude, located_tap.longitude, city.latitude, city.longitude) <= 25
  where located_tap.latitude between -90 and 90
    and located_tap.longitude between -180 and 180
    and not (located_tap.latitude = 0 and located_tap.longitude = 0)
), counted as (
  select
    found.partner_id,
    floor(extract(epoch from found.tapped_at - (select asked.starts_at from asked)) / 3600)::integer as hour,
    count(*)::integer as count,
    (count(*) filter (where found.tapped_at > $4::timestamptz - interval '60 minutes'))::integer as count_60_minutes
  from found
  where found.tapped_at >= (select asked.read_from from asked)
    and found.tapped_at <= $4::timestamptz
  group by found.partner_id, hour
), partner as materialized (
  select
    counted.hour,
    counted.partner_id,
    coalesce(app_user.name, '') as name,
    app_user.opted_out,
    counted.count,
    counted.count_60_minutes
  from counted
  join app_user on app_user.id = counted.partner_id
), bucket as (
  -- Who opted out counts, and is not named.
  select
    partner.hour,
    sum(partner.count) as activity_count,
    count(*) as unique_people,
    json_agg(
      json_build_object('user_id', partner.partner_id, 'name', partner.name, 'count', partner.count)
      order by partner.count desc, partner.partner_id
    ) filter (where not partner.opted_out) as participants
  from partner
  group by partner.hour
), latest as (
  select partner.partner_id, partner.name, sum(partner.count_60_minutes) as count
  from partner
  where partner.count_60_minutes > 0
    and not partner.opted_out
  group by partner.partner_id, partner.name
  order by count desc, partner.partner_id
  limit 5
)
select
  (
    select json_agg(
      json_build_object(
        'ts', to_char(hour.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'activity_count', coalesce(bucket.activity_count, 0),
        'unique_people', coalesce(bucket.unique_people, 0),
        'participants', coalesce(bucket.participants, '[]')
      )
      order by hour.starts_at
    )::text
    from (
      select series.hour, asked.starts_at + make_interval(hours => series.hour) as starts_at
      from asked
      cross join generate_series(0, $3::integer - 1) as series (hour)
    ) as hour
    left join bucket on bucket.hour = hour.hour
  ) as buckets,
  (
    select coalesce(
      json_agg(
        json_build_object('user_id', latest.partner_id, 'name', latest.name, 'count', latest.count)
        order by latest.count desc, latest.partner_id
      ),
      '[]'
    )::text
    from latest
  ) as top_current_window
