-- Whether the texts were read by the rules of now: after an upgrade, or with another alias, they wait for the next
-- run.
--! table: home_location_struct
--! says: homes are read by the rules of now
--! weight: stale
--! key: user_id
--! compared: parser_version
--! mark_user: user_id
--: expected
select home_reading.user_id, home_reading.parser_version
from home_reading
join home_location_struct as home
  on home.user_id = home_reading.user_id
  and home.original_text = home_reading.original_text
--: stored
select home.user_id, home.parser_version
from home_reading
join home_location_struct as home
  on home.user_id = home_reading.user_id
  and home.original_text = home_reading.original_text
