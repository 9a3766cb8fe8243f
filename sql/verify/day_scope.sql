-- The processed days whose taps are read from the source: all of them, or a random sample that always has the latest
-- day and ends at 50,000 taps, so that a sampled verification takes seconds whatever the days hold.
-- $1 all days, $2 size of the sample, $3 seed, $4 the one day asked for or null, $5 the one user asked for or null.
with candidate as (
  select
    processed_day.day,
    row_number() over shuffled as place,
    sum(processed_day.tap_count) over shuffled as taps_so_far
  from processed_day
  where ($4::date is null or processed_day.day = $4::date)
    and (
      $1::boolean
      or $5::uuid is null
      or exists (
        select 1
        from user_day_activity
        where user_day_activity.user_id = $5::uuid and user_day_activity.day = processed_day.day
      )
    )
  window shuffled as (
    order by
      processed_day.day = (select max(latest.day) from processed_day as latest) desc,
      hashtextextended(processed_day.day::text || $3::text, 0),
      processed_day.day
  )
)
insert into verify_day (day, is_frozen)
-- By the last frozen day, as the runs do: of those before it none is read again.
select candidate.day, coalesce(candidate.day <= (select max(frozen_day.day) from frozen_day), false)
from candidate
where $1::boolean
  or candidate.place = 1
  or (candidate.place <= greatest(1, $2::integer / 4) and candidate.taps_so_far <= 50000)
