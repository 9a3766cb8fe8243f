-- Homes that are more than blanks.
-- What it means: docs/semantics.md#homes.
create temp view expected_home as
select app_user.id as user_id, app_user.home as original_text
from verify_home
join app_user on app_user.id = verify_home.user_id
where app_user.home ~ '[^\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]';
