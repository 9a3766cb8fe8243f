-- Every user of the facts has a private key, and nobody else has one. A user without a key is named in a finding only
-- by a day of theirs.
--! table: user_key
--! says: every user with a tap has a key, nobody else
--! key: user_id
--! mark_day: expected.first_day
--! mark_user: user_id
--: expected
select tapper.user_id, min(expected_pair.first_day) as first_day
from expected_pair
cross join lateral (values (expected_pair.u1), (expected_pair.u2)) as tapper (user_id)
join verify_user on verify_user.user_id = tapper.user_id
group by tapper.user_id
--: stored
select user_key.user_id
from verify_user
join user_key on user_key.user_id = verify_user.user_id
