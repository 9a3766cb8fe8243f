-- A row for everybody with a home text and for nobody else, of the text as it is now. A text that changed since the last
-- run can't be told from a row that is wrong, so both are stale.
--! table: home_location_struct
--! says: a row per home text, as the text is now
--! weight: stale
--! key: user_id
--! compared: original_text
--! mark_user: user_id
--: expected
select expected_home.user_id, expected_home.original_text
from expected_home
--: stored
select home.user_id, home.original_text
from verify_home
join home_location_struct as home on home.user_id = verify_home.user_id
