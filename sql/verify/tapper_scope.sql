-- The user $1 and, where the graph is asked for ($2), everybody whom they ever tapped with.
insert into verify_tapper (user_id)
select $1::uuid
union
select case when classified_tap.u1 = $1::uuid then classified_tap.u2 else classified_tap.u1 end
from classified_tap
where $2::boolean
  and $1::uuid in (classified_tap.u1, classified_tap.u2)
  and classified_tap.ignored_because is null
union
-- On frozen days, whose taps may be gone.
select case when connection.u1 = $1::uuid then connection.u2 else connection.u1 end
from connection
where $2::boolean
  and $1::uuid in (connection.u1, connection.u2)
  and connection.first_day <= (select max(frozen_day.day) from frozen_day)
