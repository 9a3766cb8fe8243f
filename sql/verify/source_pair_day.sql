-- The one read of the application's taps: what pairs did on the verified days, and what was ignored on them.
-- Consecutive days are one range. 27 hours on either side: where a clock was set back over midnight, or by a whole date, a
-- local date is not one stretch of time.
-- $1 whether everybody's taps are read, or those of verify_tapper only.
with island as (
  select
    verify_day.day,
    verify_day.day - (dense_rank() over (order by verify_day.day))::integer as island
  from verify_day
  where not verify_day.is_frozen
), stretch as (
  select
    min(island.day)::timestamp at time zone verify_clock.zone - interval '27 hours' as starts_at,
    (max(island.day) + 1)::timestamp at time zone verify_clock.zone + interval '27 hours' as ends_at,
    verify_clock.zone
  from island
  cross join verify_clock
  group by island.island, verify_clock.zone
), dated as (
  select
    (classified_tap.tapped_at at time zone stretch.zone)::date as day,
    classified_tap.ignored_because,
    case when coalesce(classified_tap.ignored_because, 'unknown user') = 'unknown user' then classified_tap.u1 end as u1,
    case when coalesce(classified_tap.ignored_because, 'unknown user') = 'unknown user' then classified_tap.u2 end as u2,
    classified_tap.unknown_sides,
    classified_tap.tapped_at,
    classified_tap.tap_hash
  from stretch
  join classified_tap
    on classified_tap.tap_time >= stretch.starts_at
    and classified_tap.tap_time < stretch.ends_at
  where $1::boolean
    or classified_tap.u1 in (select verify_tapper.user_id from verify_tapper)
    or classified_tap.u2 in (select verify_tapper.user_id from verify_tapper)
)
insert into source_pair_day (
  day, ignored_because, u1, u2, unknown_sides, tap_count, first_tap_at, last_tap_at, tapped_at, tap_digest
)
select
  dated.day,
  dated.ignored_because,
  dated.u1,
  dated.u2,
  dated.unknown_sides,
  count(*),
  min(dated.tapped_at),
  max(dated.tapped_at),
  -- In no order: where it matters it is asked for.
  array_agg(dated.tapped_at) filter (where dated.ignored_because is null),
  sum(dated.tap_hash)
from dated
join verify_day on verify_day.day = dated.day and not verify_day.is_frozen
group by dated.day, dated.ignored_because, dated.u1, dated.u2, dated.unknown_sides
