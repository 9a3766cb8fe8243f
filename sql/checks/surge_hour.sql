-- A flagged hour has the taps that its cell had, five users or more, and half as many taps again as expected. $1 zone.
--! table: surge_hour
--! says: flagged hours are hours of area_hour, with a crowd
--! params: zone
select
  format('geohash5 %s, starts_at %s', surge_hour.geohash5, surge_hour.starts_at) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  local_day.day,
  rule.column_name,
  rule.stored,
  rule.expected,
  processed_day.day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from surge_hour
cross join lateral (select (surge_hour.starts_at at time zone $1::text)::date as day) as local_day
left join processed_day on processed_day.day = local_day.day
left join area_hour on area_hour.geohash5 = surge_hour.geohash5 and area_hour.starts_at = surge_hour.starts_at
cross join lateral (
  values
    (area_hour.tap_count is not null, 'row', 'there', 'no row'),
    (
      coalesce(area_hour.tap_count, surge_hour.tap_count) = surge_hour.tap_count,
      'tap_count',
      surge_hour.tap_count::text,
      area_hour.tap_count::text
    ),
    (coalesce(cardinality(area_hour.user_keys) >= 5, true), 'row', 'there', 'no row: fewer than five users'),
    (
      surge_hour.tap_count + 1 >= 1.5 * (surge_hour.expected_taps + 1),
      'expected_taps',
      surge_hour.expected_taps::text,
      format('at most %s', round((surge_hour.tap_count + 1) / 1.5 - 1, 6))
    )
) as rule (holds, column_name, stored, expected)
where not rule.holds
