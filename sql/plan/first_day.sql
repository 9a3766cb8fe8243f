-- The day of the first valid tap, or the first processed day where that is earlier, in the zone $1; null: there is neither.
select least(
  (
    select (classified_tap.tapped_at at time zone $1::text)::date
    from classified_tap
    where classified_tap.ignored_because is null
    order by classified_tap.tap_time
    limit 1
  ),
  (select min(processed_day.day) from processed_day)
) as day
