-- Taps and users of every cell and local clock hour of the verified days. Stale days are reported
-- separately. The marks name no user, so that a repair looks for all rows of the hour, even if they state another day.
--! table: area_hour
--! says: cells and hours of the verified days, from the source
--! key: geohash5, day, starts_at
--! compared: slot, tap_count, user_keys
--! mark_day: day
--! mark_user: nobody
--: expected
select
  source_cell.geohash5,
  source_cell.day,
  source_cell.starts_at,
  verify_calendar.days_after_monday * 24 + source_cell.hour as slot,
  sum(source_cell.tap_count) filter (where visitor.user_id = source_cell.u1) as tap_count,
  array_agg(distinct user_key.user_key order by user_key.user_key) as user_keys
from source_cell
join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
join verify_calendar on verify_calendar.day = source_cell.day
cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
left join user_key on user_key.user_id = visitor.user_id
group by source_cell.geohash5, source_cell.day, source_cell.starts_at, source_cell.hour, verify_calendar.days_after_monday
--: stored
select
  area_hour.geohash5,
  area_hour.day,
  area_hour.starts_at,
  area_hour.slot,
  area_hour.tap_count,
  area_hour.user_keys
from verify_day
join area_hour on area_hour.day = verify_day.day
where not verify_day.is_stale
