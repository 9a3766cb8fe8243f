-- Every tap of user $1 on a processed day, with the partner.
select
  fact.day,
  to_char(tap.tapped_at at time zone verify_clock.zone, 'YYYY-MM-DD HH24:MI:SS') as local_time,
  partner.user_id as partner_id,
  coalesce(app_user.name, partner.user_id::text) as partner_name
from verify_clock
cross join fact
cross join lateral (select case when fact.u1 = $1::uuid then fact.u2 else fact.u1 end as user_id) as partner
cross join lateral unnest(fact.tapped_at) as tap (tapped_at)
join app_user on app_user.id = partner.user_id
where $1::uuid in (fact.u1, fact.u2)
order by tap.tapped_at, partner.user_id
