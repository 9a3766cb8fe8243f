-- Everybody who tapped on the verified days has a row with the number of taps; nobody else has one. Stale days are
-- reported separately.
--! table: user_day_activity
--! says: users of the verified days, from the source
--! key: user_id, day
--! compared: tap_count
--! mark_user: user_id
--: expected
select tapper.user_id, source_pair_day.day, sum(source_pair_day.tap_count) as tap_count
from source_pair_day
join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
cross join lateral (values (source_pair_day.u1), (source_pair_day.u2)) as tapper (user_id)
where source_pair_day.ignored_because is null
group by tapper.user_id, source_pair_day.day
--: stored
select user_day_activity.user_id, user_day_activity.day, user_day_activity.tap_count
from verify_day
join user_day_activity on user_day_activity.day = verify_day.day
where not verify_day.is_stale
