-- The as-of day that this batch leads to, whether it moved, whether all taps of the batch's days come after those of
-- the days that were processed before, and the earliest last day of a streak that is still alive: L, or L - 1 while day
-- L lasts. Nothing else in a batch reads the clock.
-- Where a clock was set back over midnight, the later of two days in a row holds earlier taps: no minute within 27
-- hours of its midnight may show the other side's date.
-- $1 zone, $2 the batch's last day and $3 its first one, null if it has none.
-- What it means: docs/semantics.md#streaks.
select
  as_of.as_of_day,
  as_of.as_of_day is distinct from as_of.stored_as_of_day as as_of_moved,
  case
    when $3::date > coalesce(as_of.stored_as_of_day, date '-infinity') then not exists (
      select 1
      from generate_series(-27 * 60, 27 * 60) as near (minute_no)
      where ((
          ($3::date::timestamp at time zone $1::text + near.minute_no * interval '1 minute') at time zone $1::text
        )::date < $3::date) <> (near.minute_no < 0)
    )
    else false
  end as is_later,
  case
    -- Nor does the day come back.
    when not exists (
      select 1
      from generate_series(0, 27 * 60) as ahead (minute_no)
      where ((now() + ahead.minute_no * interval '1 minute') at time zone $1::text)::date <= as_of.as_of_day
    ) then as_of.as_of_day
    else as_of.as_of_day - 1
  end as alive_from_day
from (
  select greatest(ledger.last_day, $2::date) as as_of_day, ledger.last_day as stored_as_of_day
  from (select max(processed_day.day) as last_day from processed_day) as ledger
) as as_of
