-- In which cells the users ever tapped, from the source; on days that are stale from what is stored.
with visit as (
  select visitor.user_id, source_cell.geohash5, source_cell.first_tap_at
  from source_cell
  join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
  cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
  union all
  select user_key.user_id, user_cell_day.geohash5, user_cell_day.first_tap_at
  from verify_day
  join user_cell_day on user_cell_day.day = verify_day.day
  join user_key on user_key.user_key = user_cell_day.user_key
  where verify_day.is_stale
)
insert into visited_cell (user_id, geohash5, first_day, first_tap_at)
select
  visit.user_id,
  visit.geohash5,
  (min(visit.first_tap_at) at time zone verify_clock.zone)::date,
  min(visit.first_tap_at)
from visit
cross join verify_clock
join verify_user on verify_user.user_id = visit.user_id
group by visit.user_id, visit.geohash5, verify_clock.zone
