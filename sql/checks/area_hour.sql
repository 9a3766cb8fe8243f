-- Taps and users of every cell and local clock hour of the verified days, against the source. Found by time, so that a
-- row with a wrong day is told as such. Stale days are told apart. Also marked with the nil user: a repair then looks
-- for rows of the same hour, whatever day they say. $1 zone.
--! table: area_hour
--! says: cells and hours of the verified days, from the source
--! params: zone
with expected as (
  select
    source_cell.geohash5,
    source_cell.starts_at,
    source_cell.day,
    date_part('day', (source_cell.day::timestamp - date_trunc('week', source_cell.day::timestamp))) * 24
      + date_part('hour', source_cell.starts_at at time zone $1::text) as slot,
    sum(source_cell.tap_count) as tap_count
  from source_cell
  join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
  group by source_cell.geohash5, source_cell.starts_at, source_cell.day
), present as (
  select
    source_cell.geohash5,
    source_cell.starts_at,
    array_agg(distinct user_key.user_key order by user_key.user_key) as user_keys
  from source_cell
  cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
  join user_key on user_key.user_id = visitor.user_id
  group by source_cell.geohash5, source_cell.starts_at
), stored as (
  select
    area_hour.geohash5,
    area_hour.starts_at,
    area_hour.day,
    area_hour.slot,
    area_hour.tap_count,
    area_hour.user_keys
  from area_hour
  join verify_day on verify_day.day = (area_hour.starts_at at time zone $1::text)::date and not verify_day.is_stale
), compared as (
  select
    geohash5,
    starts_at,
    (starts_at at time zone $1::text)::date as local_day,
    expected.tap_count is not null as is_expected,
    stored.tap_count is not null as is_stored,
    expected.day as expected_day,
    stored.day as stored_day,
    expected.slot as expected_slot,
    stored.slot as stored_slot,
    expected.tap_count as expected_tap_count,
    stored.tap_count as stored_tap_count,
    present.user_keys as expected_user_keys,
    stored.user_keys as stored_user_keys
  from expected
  full join stored using (geohash5, starts_at)
  left join present using (geohash5, starts_at)
)
select
  format('geohash5 %s, starts_at %s', compared.geohash5, compared.starts_at) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  compared.local_day as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  compared.local_day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from compared
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('day', compared.stored_day::text, compared.expected_day::text),
    ('slot', compared.stored_slot::text, compared.expected_slot::text),
    ('tap_count', compared.stored_tap_count::text, compared.expected_tap_count::text),
    ('user_keys', compared.stored_user_keys::text, compared.expected_user_keys::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
