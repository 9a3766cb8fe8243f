-- The one read of the application's taps: what pairs did on the verified days, and what was ignored on them.
-- $1 whether everybody's taps are read, or those of verify_tapper only.
with dated as (
  select
    (classified_tap.tapped_at at time zone verify_stretch.zone)::date as day,
    classified_tap.ignored_because,
    case when coalesce(classified_tap.ignored_because, 'unknown user') = 'unknown user' then classified_tap.u1 end as u1,
    case when coalesce(classified_tap.ignored_because, 'unknown user') = 'unknown user' then classified_tap.u2 end as u2,
    classified_tap.unknown_sides,
    classified_tap.tapped_at,
    classified_tap.tap_hash
  from verify_stretch
  join classified_tap
    on classified_tap.tap_time >= verify_stretch.starts_at
    and classified_tap.tap_time < verify_stretch.ends_at
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
  -- Times in any order; whoever needs an order sorts.
  array_agg(dated.tapped_at) filter (where dated.ignored_because is null),
  sum(dated.tap_hash)
from dated
join verify_day on verify_day.day = dated.day and not verify_day.is_frozen
group by dated.day, dated.ignored_because, dated.u1, dated.u2, dated.unknown_sides
