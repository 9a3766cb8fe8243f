-- Partners whose first tap ever with the viewer is in the window, the latest first.
-- $1 user_key of the viewer, $2 first day of the window, $3 its last day, $4 the viewer's zone, $5 the user_keys of the
-- partners who can be it: those with a first day about then.
with viewer_pair as (
  select pair.u2_key as partner_key, pair.first_tap_at, pair.last_tap_at
  from unnest($5::integer[]) as given (user_key)
  join pair on pair.u1_key = $1::integer and pair.u2_key = given.user_key
  union all
  select pair.u1_key, pair.first_tap_at, pair.last_tap_at
  from unnest($5::integer[]) as given (user_key)
  join pair on pair.u2_key = $1::integer and pair.u1_key = given.user_key
)
select partner.user_id, coalesce(app_user.name, '') as name, viewer_pair.last_tap_at
from viewer_pair
join user_key as partner on partner.user_key = viewer_pair.partner_key
join app_user on app_user.id = partner.user_id
where viewer_pair.first_tap_at >= $2::date::timestamp at time zone $4::text
  and viewer_pair.first_tap_at < ($3::date + 1)::timestamp at time zone $4::text
  and not app_user.opted_out
order by viewer_pair.first_tap_at desc, partner.user_id
