-- What the steps read from a text now: a row that was spoilt, or left behind. That they read it well is not asked here.
-- Rows that other rules read, before an upgrade or an alias, wait for the next run.
--! table: home_location_struct
--! says: homes, as their texts are read
--! key: user_id
--! compared: city, state, country, geohash5, confidence, method
--! mark_user: user_id
--: expected
select
  home_reading.user_id,
  home_reading.city,
  home_reading.state,
  home_reading.country,
  home_reading.geohash5,
  home_reading.confidence,
  home_reading.method
from home_reading
join home_location_struct as home
  on home.user_id = home_reading.user_id
  and home.original_text = home_reading.original_text
  and home.parser_version = home_reading.parser_version
--: stored
select home.user_id, home.city, home.state, home.country, home.geohash5, home.confidence, home.method
from home_reading
join home_location_struct as home
  on home.user_id = home_reading.user_id
  and home.original_text = home_reading.original_text
  and home.parser_version = home_reading.parser_version
