-- The viewer's taps of the window by hour and partner, and by partner in the last 60 minutes.
-- $1 user, $2 user_key or null, $3 start of the window, $4 its end, $5 from when on the source is read,
-- $6 the stored zone.
-- From $5 on every tap comes from the source, so that the last hours are live. Before it the pairs' days say it: up to two
-- taps of a pair and day are known exactly; the source is read only from the first to the last of three and more,
-- and for days that are not processed.
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
), found as (
  select known_day.partner_id, known_day.first_tap_at as tapped_at
  from known_day
  where known_day.tap_count <= 2 and known_day.first_tap_at < $5::timestamptz
  union all
  select known_day.partner_id, known_day.last_tap_at
  from known_day
  where known_day.tap_count = 2 and known_day.last_tap_at < $5::timestamptz
  union all
  select known_day.partner_id, tap.tapped_at
  from known_day
  join tap
    on tap.tap_time >= known_day.first_tap_at
    and tap.tap_time <= known_day.last_tap_at
    and tap.tap_time < $5::timestamptz
    and (
      (tap.id1 = $1::uuid and tap.id2 = known_day.partner_id)
      or (tap.id2 = $1::uuid and tap.id1 = known_day.partner_id)
    )
  where known_day.tap_count > 2
  union all
  select case when tap.id1 = $1::uuid then tap.id2 else tap.id1 end, tap.tapped_at
  from source_range
  join tap on tap.tap_time >= source_range.starts_at and tap.tap_time < source_range.ends_at
  where (tap.id1 = $1::uuid or tap.id2 = $1::uuid)
    and tap.id1 <> tap.id2
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
