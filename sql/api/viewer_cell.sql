-- The cells in which the viewer ever tapped, where one of them is new within the window; else no row.
-- $1 user_key, $2 first day of the window, $3 its last day, $4 the viewer's zone.
select user_cell.geohash5
from user_cell
where user_cell.user_key = $1::integer
  and exists (
    select 1 from user_cell as fresh
    where fresh.user_key = $1::integer
      and fresh.first_tap_at >= $2::date::timestamp at time zone $4::text
      and fresh.first_tap_at < ($3::date + 1)::timestamp at time zone $4::text
  )
