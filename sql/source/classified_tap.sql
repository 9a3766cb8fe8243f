-- Every tap of the application with the reason why it is ignored, null for a valid one. Needs the views tap and
-- app_user. tap_time is the application's own column, unwrapped, so that a filter on it can use the application's
-- index.
create or replace view classified_tap as
select
  tap.tap_time,
  -- Within a year of the ends of time, no local clock can show it; such a tap is of no day that has begun.
  case
    when isfinite(tap.tapped_at)
      then greatest(least(tap.tapped_at, timestamptz '294275-01-01Z'), timestamptz '4712-01-01Z BC')
    else tap.tapped_at
  end as tapped_at,
  case
    when tap.tapped_at is null or not isfinite(tap.tapped_at) then 'null time'
    when tap.id1 is null or tap.id2 is null then 'null id'
    when tap.id1 = tap.id2 then 'self tap'
    when user1.id is null or user2.id is null then 'unknown user'
  end as ignored_because,
  least(tap.id1, tap.id2) as u1,
  greatest(tap.id1, tap.id2) as u2,
  case when located.is_located then tap.latitude end as latitude,
  case when located.is_located then tap.longitude end as longitude,
  -- Nested, not added: a sum of the columns' hashes would not see two taps exchange their partners. Of the tap alone:
  -- who asks for no column that depends on users does not make Postgres look them up.
  case
    when tap.id1 <> tap.id2
      then uuid_hash_extended(
        least(tap.id1, tap.id2),
        uuid_hash_extended(
          greatest(tap.id1, tap.id2),
          hash_record_extended(
            row(
              tap.tapped_at,
              case when located.is_located then tap.latitude end,
              case when located.is_located then tap.longitude end
            ),
            0
          )
        )
      )
    when tap.id1 = tap.id2 then 1
    else 0
  end as tap_hash,
  case
    when tap.id1 is null or tap.id2 is null or tap.id1 = tap.id2 then null
    when user1.id is not null and user2.id is not null then null
    when user1.id is null and user2.id is null then 3
    when (user1.id is null) = (tap.id1 < tap.id2) then 1
    else 2
  end as unknown_sides
from tap
left join app_user as user1 on user1.id = tap.id1
left join app_user as user2 on user2.id = tap.id2
cross join lateral (
  select
    tap.latitude between -90 and 90
    and tap.longitude between -180 and 180
    and not (tap.latitude = 0 and tap.longitude = 0) as is_located
) as located
