-- The day of the first valid tap of the years 1 to 9999 in the zone $1, or the first processed day if that is earlier;
-- null without either.
select least(
  (
    select (classified_tap.tapped_at at time zone $1::text)::date
    from classified_tap
    where classified_tap.ignored_because is null
      and classified_tap.tap_time >= date '0001-01-02'
      and classified_tap.tap_time < date '9999-12-31'
    order by classified_tap.tap_time
    limit 1
  ),
  (select min(processed_day.day) from processed_day)
) as day
