-- The flagged hours of the verified days that are not stale, against the method applied to counts from the source. Both
-- are rounded differently: 0.00001 taps are allowed, and an hour on the very bound may be judged either way. $1 zone.
--! table: surge_hour
--! says: flagged hours by the method, from eight weeks of counts
--! params: zone
with stored as (
  select
    surge_hour.geohash5,
    surge_hour.starts_at,
    verify_day.day,
    surge_hour.tap_count,
    surge_hour.expected_taps::double precision as expected_taps,
    surge_hour.next_expected_taps::double precision as next_expected_taps
  from surge_hour
  join verify_day on verify_day.day = (surge_hour.starts_at at time zone $1::text)::date and not verify_day.is_stale
), compared as (
  select
    geohash5,
    starts_at,
    coalesce(stored.day, expected_surge_hour.day) as day,
    stored.day is not null as is_stored,
    coalesce(expected_surge_hour.z >= 3.5 and expected_surge_hour.ratio >= 1.5, false) as is_expected,
    coalesce(
      abs(expected_surge_hour.z - 3.5) < 0.000001 or abs(expected_surge_hour.ratio - 1.5) < 0.000001,
      false
    ) as is_on_bound,
    expected_surge_hour.z,
    stored.tap_count as stored_tap_count,
    expected_surge_hour.tap_count as expected_tap_count,
    stored.expected_taps as stored_taps,
    expected_surge_hour.expected_taps as expected_taps,
    stored.next_expected_taps as stored_next_taps,
    expected_surge_hour.next_expected_taps as expected_next_taps
  from stored
  full join expected_surge_hour using (geohash5, starts_at)
)
select
  format('geohash5 %s, starts_at %s', compared.geohash5, compared.starts_at) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  compared.day,
  rule.column_name,
  rule.stored,
  rule.expected,
  compared.day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from compared
cross join lateral (
  values
    (
      compared.is_stored = compared.is_expected or compared.is_on_bound,
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case
        when compared.is_expected then format('there: z is %s', round(compared.z::numeric, 3))
        else format('no row: z is %s', coalesce(round(compared.z::numeric, 3)::text, 'not defined'))
      end
    ),
    (
      compared.stored_tap_count = compared.expected_tap_count,
      'tap_count',
      compared.stored_tap_count::text,
      compared.expected_tap_count::text
    ),
    (
      abs(compared.stored_taps - compared.expected_taps) <= 0.00001,
      'expected_taps',
      compared.stored_taps::text,
      round(compared.expected_taps::numeric, 6)::text
    ),
    (
      abs(compared.stored_next_taps - compared.expected_next_taps) <= 0.00001,
      'next_expected_taps',
      compared.stored_next_taps::text,
      round(compared.expected_next_taps::numeric, 6)::text
    )
) as rule (holds, column_name, stored, expected)
-- Where one side has no row, the other figures are null: nothing to tell.
where not rule.holds
