-- The taps of user $1 on each active day from $2 to $3.
select active_day.day, active_day.tap_count
from active_day
where active_day.user_id = $1::uuid and active_day.day between $2::date and $3::date
order by active_day.day
