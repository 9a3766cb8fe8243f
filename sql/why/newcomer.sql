-- The partners whom user $1 met for the first time ever on the days $2 to $3.
select coalesce(app_user.name, app_user.id::text) as name
from expected_pair
join app_user on app_user.id in (expected_pair.u1, expected_pair.u2) and app_user.id <> $1::uuid
where $1::uuid in (expected_pair.u1, expected_pair.u2)
  and expected_pair.first_day between $2::date and $3::date
order by expected_pair.first_tap_at, app_user.id
