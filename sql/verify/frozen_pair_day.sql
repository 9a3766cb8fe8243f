-- What pairs did on the verified days that are frozen: their taps are not read, what is stored stands in for them.
-- $1 whether everybody's, or what verify_tapper did.
insert into source_pair_day (
  day, ignored_because, u1, u2, unknown_sides, tap_count, first_tap_at, last_tap_at, tapped_at, tap_digest
)
select
  pair_day.day,
  null,
  user1.user_id,
  user2.user_id,
  null,
  pair_day.tap_count,
  pair_day.first_tap_at,
  pair_day.last_tap_at,
  array[pair_day.first_tap_at]
    || pair_day_tap.tapped_at
    || case when pair_day.tap_count > 1 then array[pair_day.last_tap_at] end,
  0
from verify_day
join pair_day on pair_day.day = verify_day.day
join user_key as user1 on user1.user_key = pair_day.u1_key
join user_key as user2 on user2.user_key = pair_day.u2_key
left join pair_day_tap
  on pair_day_tap.u1_key = pair_day.u1_key
  and pair_day_tap.u2_key = pair_day.u2_key
  and pair_day_tap.day = pair_day.day
where verify_day.is_frozen
  and (
    $1::boolean
    or user1.user_id in (select verify_tapper.user_id from verify_tapper)
    or user2.user_id in (select verify_tapper.user_id from verify_tapper)
  )
