-- Who asks, what the answers are as of, and the moments that they are relative to. One statement: each request asks all
-- of it.
-- $1 zone when none is recorded yet, $2 the viewer's zone or null, $3 the moment to answer for, null: now; $4 the
-- viewer.
-- user_key is null for a user without a valid tap on a processed day, the home where none is known; user_exists is
-- false where the application has no such user.
-- Materialized, so that the zone and the as-of day are looked up once and not for each use of them.
-- A stored figure knows the taps up to the end of the as-of day, or, where that day lasted when the last batch was
-- derived, up to then: known_until. The days from live_from_day on, the day before the last batch, may have taps that
-- no batch has seen: late ones too, so that the last 24 hours are read from the source. A frozen day's taps may have
-- left it. The viewer's own figures are as of the same calendar date in the viewer's zone, so they end with it at the
-- latest (counted_until): then all figures of an answer are of one ISO week. Where the midnight after a day comes
-- twice, as in the Azores, Postgres takes the second, and the day ends with the first: earlier by what the clock shows
-- just before.
with recorded as (
  select coalesce((select setting.value from setting where setting.key = 'zone'), $1::text) as zone
), asked as materialized (
  select
    recorded.zone,
    coalesce($2::text, recorded.zone) as viewer_zone,
    coalesce($3::timestamptz, now()) as now_at,
    (select max(processed_day.day) from processed_day) as as_of_day
  from recorded
), last_batch as materialized (
  select run.run_id, run.last_batch_at as computed_at
  from run
  where run.last_batch_at is not null
  order by run.last_batch_at desc
  limit 1
), day_end as materialized (
  select
    midnight.zone,
    midnight.moment - greatest(
      (midnight.moment - interval '1 microsecond') at time zone midnight.zone - midnight.local
        + interval '1 microsecond',
      interval '0'
    ) as moment
  from (
    select
      ended.zone,
      (asked.as_of_day + 1)::timestamp as local,
      (asked.as_of_day + 1)::timestamp at time zone ended.zone as moment
    from asked
    cross join lateral (select asked.zone union select asked.viewer_zone) as ended (zone)
  ) as midnight
), dated as materialized (
  select
    asked.zone,
    asked.viewer_zone,
    asked.now_at,
    asked.as_of_day,
    least(
      asked.now_at,
      (select day_end.moment from day_end where day_end.zone = asked.zone),
      last_batch.computed_at
    ) as latest_known_until,
    (select day_end.moment from day_end where day_end.zone = asked.viewer_zone) as viewer_day_ends_at,
    (asked.now_at at time zone asked.zone)::date as today,
    greatest(
      (least(asked.now_at, last_batch.computed_at) at time zone asked.zone)::date - 1,
      (select max(frozen_day.day) + 1 from frozen_day)
    ) as live_from_day,
    last_batch.computed_at,
    last_batch.run_id,
    (asked.now_at at time zone asked.viewer_zone)::date as viewer_today,
    coalesce(asked.as_of_day, (asked.now_at at time zone asked.zone)::date) as board_day
  from asked
  left join last_batch on true
), viewer as (
  select
    true as is_there,
    app_user.name,
    user_key.user_key,
    home_place.country as home_country,
    home_place.state as home_state,
    home_place.city as home_city,
    home_place.latitude as home_latitude,
    home_place.longitude as home_longitude
  from app_user
  left join user_key on user_key.user_id = app_user.id
  left join home_place on home_place.user_id = app_user.id
  where app_user.id = $4::uuid
)
select
  dated.zone,
  dated.viewer_zone,
  dated.now_at,
  dated.as_of_day,
  case when dated.as_of_day is not null then dated.latest_known_until end as known_until,
  case when dated.as_of_day is not null then least(dated.latest_known_until, dated.viewer_day_ends_at) end as counted_until,
  dated.today,
  dated.live_from_day,
  dated.viewer_today,
  coalesce(dated.viewer_day_ends_at <= dated.latest_known_until, false) as viewer_day_is_over,
  extract(isoyear from dated.board_day)::integer as year,
  extract(week from dated.board_day)::integer as iso_week,
  dated.board_day - (extract(isodow from dated.board_day)::integer - 1) as week_start,
  dated.computed_at,
  concat_ws('.', dated.as_of_day, dated.run_id, dated.computed_at) as revision,
  viewer.is_there is not null as user_exists,
  coalesce(viewer.name, '') as name,
  viewer.user_key,
  viewer.home_country,
  viewer.home_state,
  viewer.home_city,
  viewer.home_latitude,
  viewer.home_longitude
from dated
left join viewer on true
