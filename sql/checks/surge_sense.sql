-- What must hold of a surge whatever the taps are: nobody is shown in a crowd of fewer than five, the figures are in
-- their ranges and follow from each other, and windows of one area stand apart. $1 zone.
-- The multiplier was made of the expected taps before these were rounded to three digits, so half of the last digit of
-- both is allowed.
--! table: surge_windows
--! says: five users or more, ranges, the multiplier, no overlap
--! params: zone
with neighboured as (
  select
    surge_windows.window_id,
    surge_windows.geohash5,
    surge_windows.start_time,
    surge_windows.end_time,
    surge_windows.surge_multiplier,
    surge_windows.expected_taps,
    surge_windows.tap_count,
    surge_windows.unique_users,
    max(surge_windows.end_time) over (
      partition by surge_windows.geohash5
      order by surge_windows.start_time, surge_windows.end_time
      rows between unbounded preceding and 1 preceding
    ) as earlier_end_time,
    (surge_windows.tap_count + 1) / (surge_windows.expected_taps + 1) as ratio
  from surge_windows
)
select
  format('window_id %s', neighboured.window_id) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  (neighboured.start_time at time zone $1::text)::date as day,
  rule.column_name,
  rule.stored,
  rule.expected,
  processed_day.day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from neighboured
left join processed_day on processed_day.day = (neighboured.start_time at time zone $1::text)::date
cross join lateral (
  values
    (neighboured.unique_users >= 5, 'unique_users', neighboured.unique_users::text, '5 or more'),
    (
      neighboured.unique_users <= 2 * neighboured.tap_count,
      'unique_users',
      neighboured.unique_users::text,
      format('at most %s, two a tap', 2 * neighboured.tap_count)
    ),
    (neighboured.tap_count >= 5, 'tap_count', neighboured.tap_count::text, '5 or more'),
    (neighboured.expected_taps > 0, 'expected_taps', neighboured.expected_taps::text, 'more than 0'),
    (
      neighboured.surge_multiplier <= 10
        and abs(neighboured.surge_multiplier - least(10, neighboured.ratio))
          <= 0.005 + 0.0005 * neighboured.ratio / (neighboured.expected_taps + 0.9995),
      'surge_multiplier',
      neighboured.surge_multiplier::text,
      round(least(10, neighboured.ratio), 2)::text
    ),
    (
      neighboured.end_time >= neighboured.start_time + interval '1 hour',
      'end_time',
      neighboured.end_time::text,
      'an hour after its start or later'
    ),
    (
      coalesce(neighboured.start_time - neighboured.earlier_end_time > interval '1 hour', true),
      'start_time',
      neighboured.start_time::text,
      format('more than an hour after %s, when an earlier window of the area ends', neighboured.earlier_end_time)
    ),
    (
      neighboured.window_id
        = format('%s-%sZ', neighboured.geohash5, to_char(neighboured.start_time at time zone 'UTC', 'YYYYMMDD"T"HH24MI')),
      'window_id',
      neighboured.window_id,
      format('%s and its start', neighboured.geohash5)
    ),
    (
      processed_day.day is not null,
      'start_time',
      neighboured.start_time::text,
      'a time on a processed day'
    )
) as rule (holds, column_name, stored, expected)
where rule.holds is not true
