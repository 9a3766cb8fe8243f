-- The taps and users of a surge, counted in the source: of windows that lie on verified days that are not stale. $1 zone.
--! table: surge_windows
--! says: taps and users of a surge, counted in the source
--! params: zone
with local_window as (
  select
    surge_windows.window_id,
    surge_windows.geohash5,
    surge_windows.start_time,
    surge_windows.end_time,
    surge_windows.tap_count,
    surge_windows.unique_users,
    (surge_windows.start_time at time zone $1::text)::date as first_day,
    ((surge_windows.end_time - interval '1 microsecond') at time zone $1::text)::date as last_day
  from surge_windows
), known_window as (
  select
    local_window.window_id,
    local_window.geohash5,
    local_window.start_time,
    local_window.end_time,
    local_window.tap_count,
    local_window.unique_users,
    local_window.first_day
  from local_window
  where (
      select count(*)
      from verify_day
      where verify_day.day between local_window.first_day and local_window.last_day
        and not verify_day.is_stale
    ) = local_window.last_day - local_window.first_day + 1
), counted as (
  select
    known_window.window_id,
    count(distinct visitor.user_id) as unique_users,
    coalesce(sum(source_cell.tap_count) filter (where visitor.user_id = source_cell.u1), 0) as tap_count
  from known_window
  left join source_cell
    on source_cell.geohash5 = known_window.geohash5
    and source_cell.starts_at >= known_window.start_time
    and source_cell.starts_at < known_window.end_time
  left join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id) on true
  group by known_window.window_id
)
select
  format('window_id %s', known_window.window_id) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  known_window.first_day as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  known_window.first_day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from known_window
join counted on counted.window_id = known_window.window_id
cross join lateral (
  values
    ('tap_count', known_window.tap_count::text, counted.tap_count::text),
    ('unique_users', known_window.unique_users::text, counted.unique_users::text)
) as difference (column_name, stored, expected)
where difference.stored <> difference.expected
