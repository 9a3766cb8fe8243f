-- Whoever writes the same lives at the same place: a text decides all that is read from it. No parser is needed to see
-- that one of two readings is wrong; told are those that not most homes with the text share, or all where none is.
--! table: home_location_struct
--! says: equal texts are read as the same place
--! key: user_id
--! mark_user: user_id
--: broken
with home_reading as (
  select
    home.user_id,
    home.original_text collate "C" as original_text,
    format(
      '%s, %s, %s, %s, %s, %s', home.city, home.state, home.country, home.geohash5, home.method, home.confidence
    ) collate "C" as reading
  from home_location_struct as home
  where home.original_text in (
    select asked.original_text
    from verify_home
    join home_location_struct as asked on asked.user_id = verify_home.user_id
  )
), differing as (
  -- Usually none, so that nothing is left to be counted.
  select home_reading.original_text
  from home_reading
  group by home_reading.original_text
  having min(home_reading.reading) <> max(home_reading.reading)
), counted as (
  select
    home_reading.user_id,
    home_reading.reading,
    count(*) over (partition by home_reading.original_text, home_reading.reading) as reading_count,
    count(*) over (partition by home_reading.original_text) as text_count
  from home_reading
  join differing on differing.original_text = home_reading.original_text
)
select
  counted.user_id,
  'original_text' as column_name,
  counted.reading as stored,
  'what others have for this text' as expected
from counted
where counted.reading_count * 2 <= counted.text_count
