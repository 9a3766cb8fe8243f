-- The source held against the facts of the frozen days $2 (null: from the first on) .. $3, tap by tap, for the facts
-- have the time of each: how many taps of a day are known and not in the source (gone: archived or deleted), and how
-- many are in the source and not known (late).
-- $1 zone, $4 the first frozen day: whatever is earlier than that is late and counted with it. Taps are read from a day
-- before to a day after: where a clock was set back over midnight, a local date is not one stretch of time.
with source_tap as (
  select
    greatest((classified_tap.tapped_at at time zone $1::text)::date, $4::date) as day,
    classified_tap.u1,
    classified_tap.u2,
    classified_tap.tapped_at,
    count(*) as tap_count
  from classified_tap
  where classified_tap.ignored_because is null
    and classified_tap.tap_time
      >= coalesce(($2::date - 1)::timestamp at time zone $1::text, timestamptz '-infinity')
    and classified_tap.tap_time < ($3::date + 2)::timestamp at time zone $1::text
  group by 1, 2, 3, 4
), known_tap as (
  select pair_day.day, known1.id as u1, known2.id as u2, moment.tapped_at, count(*) as tap_count
  from frozen_day
  join pair_day on pair_day.day = frozen_day.day
  join user_key as key1 on key1.user_key = pair_day.u1_key
  join user_key as key2 on key2.user_key = pair_day.u2_key
  join app_user as known1 on known1.id = key1.user_id
  join app_user as known2 on known2.id = key2.user_id
  left join pair_day_tap
    on pair_day_tap.u1_key = pair_day.u1_key
    and pair_day_tap.u2_key = pair_day.u2_key
    and pair_day_tap.day = pair_day.day
  cross join lateral unnest(
    array[pair_day.first_tap_at]
      || pair_day_tap.tapped_at
      || case
        when pair_day.tap_count > 1 or pair_day.last_tap_at <> pair_day.first_tap_at then array[pair_day.last_tap_at]
      end
      -- What is counted without a time was touched, and is no tap of the source.
      || array_fill(
        timestamptz 'infinity',
        array[
          abs(
            pair_day.tap_count - least(pair_day.tap_count, 2) - coalesce(cardinality(pair_day_tap.tapped_at), 0)
          )
        ]
      )
  ) as moment (tapped_at)
  where frozen_day.day between coalesce($2::date, $4::date) and $3::date
  group by 1, 2, 3, 4
), compared as (
  select
    day,
    sum(greatest(coalesce(known_tap.tap_count, 0) - coalesce(source_tap.tap_count, 0), 0)) as gone_count,
    sum(greatest(coalesce(source_tap.tap_count, 0) - coalesce(known_tap.tap_count, 0), 0)) as late_count
  from source_tap
  full join known_tap using (day, u1, u2, tapped_at)
  group by day
)
select
  frozen_day.day,
  coalesce(compared.gone_count, 0)::integer as gone_count,
  coalesce(compared.late_count, 0)::integer as late_count,
  frozen_day.late_tap_count as told_count
from frozen_day
left join compared on compared.day = frozen_day.day
where frozen_day.day between coalesce($2::date, $4::date) and $3::date
order by frozen_day.day
