-- Windows are the flagged hours joined, walked from one to the next: each hour is in one, each begins and ends with one,
-- and expects what its hours do, that between two flagged ones included. $1 zone.
--! table: surge_windows
--! says: every window is made of its flagged hours
--! params: zone
with flagged as (
  select
    surge_hour.geohash5,
    surge_hour.starts_at,
    surge_hour.expected_taps,
    surge_hour.next_expected_taps,
    exists (
      select
      from surge_hour as earlier
      where earlier.geohash5 = surge_hour.geohash5
        and earlier.starts_at >= surge_hour.starts_at - interval '2 hours'
        and earlier.starts_at < surge_hour.starts_at
    ) as goes_on,
    (
      select min(later.starts_at)
      from surge_hour as later
      where later.geohash5 = surge_hour.geohash5 and later.starts_at > surge_hour.starts_at
    ) as next_starts_at
  from surge_hour
), placed as (
  select
    flagged.geohash5,
    flagged.starts_at,
    flagged.expected_taps,
    case
      when flagged.next_starts_at - flagged.starts_at > interval '1 hour'
        and flagged.next_starts_at - flagged.starts_at <= interval '2 hours'
        then flagged.next_expected_taps
      else 0
    end as between_taps,
    (
      select max(head.starts_at)
      from flagged as head
      where head.geohash5 = flagged.geohash5 and head.starts_at <= flagged.starts_at and not head.goes_on
    ) as start_time
  from flagged
), expected as (
  select
    placed.geohash5,
    placed.start_time,
    max(placed.starts_at) + interval '1 hour' as end_time,
    round(sum(placed.expected_taps + placed.between_taps), 3) as expected_taps
  from placed
  group by placed.geohash5, placed.start_time
), compared as (
  select
    geohash5,
    start_time,
    expected.end_time is not null as is_expected,
    surge_windows.window_id is not null as is_stored,
    expected.end_time as expected_end_time,
    surge_windows.end_time as stored_end_time,
    expected.expected_taps as expected_taps,
    surge_windows.expected_taps as stored_taps,
    surge_windows.area_name as stored_area_name
  from expected
  full join surge_windows using (geohash5, start_time)
)
select
  format('geohash5 %s, start_time %s', compared.geohash5, compared.start_time) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  (compared.start_time at time zone $1::text)::date as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  processed_day.day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from compared
left join processed_day on processed_day.day = (compared.start_time at time zone $1::text)::date
left join surge_area on surge_area.geohash5 = compared.geohash5
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('end_time', compared.stored_end_time::text, compared.expected_end_time::text),
    ('expected_taps', compared.stored_taps::text, compared.expected_taps::text),
    ('area_name', compared.stored_area_name, surge_area.area_name)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
