-- A row with the present text for every user with a home text, and for no other user. A text that changed since the
-- last run looks the same as a wrong row, so both count as stale.
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
