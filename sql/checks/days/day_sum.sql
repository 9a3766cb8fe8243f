-- Every tap has two users, so the taps of a day's users add up to twice the day's valid taps, on stale days too.
--! table: user_day_activity
--! says: a day's users have twice its taps, from the ledger
--! key: day
--! compared: tap_count
--! mark_day: day
--: expected
select processed_day.day, 2 * processed_day.tap_count as tap_count
from verify_day
join processed_day on processed_day.day = verify_day.day
where processed_day.tap_count > 0
--: stored
select user_day_activity.day, sum(user_day_activity.tap_count) as tap_count
from verify_day
join user_day_activity on user_day_activity.day = verify_day.day
group by user_day_activity.day
