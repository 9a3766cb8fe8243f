-- The user $1 and, where the graph is asked for ($2), everybody whom they ever tapped with.
insert into verify_tapper (user_id)
select $1::uuid
union
select case when classified_tap.u1 = $1::uuid then classified_tap.u2 else classified_tap.u1 end
from classified_tap
where $2::boolean
  and $1::uuid in (classified_tap.u1, classified_tap.u2)
  and classified_tap.ignored_because is null
