-- The events that counted for user $1 in the quests of the week that begins on $2, by time; one row for each quest.
with own_tap as (
  select
    fact.day,
    tap.tapped_at,
    case when fact.u1 = $1::uuid then fact.u2 else fact.u1 end as partner_id
  from fact
  cross join lateral unnest(fact.tapped_at) as tap (tapped_at)
  where $1::uuid in (fact.u1, fact.u2)
), own_deed as (
  select
    deed.metric,
    deed.day,
    deed.tapped_at,
    deed.partner_id,
    deed.day - deed.day_before as days_apart,
    deed.geohash5,
    deed.friend_key,
    deed.other_key,
    null::integer as streak_days
  from deed
  where deed.user_id = $1::uuid
  union all
  select 'taps', own_tap.day, own_tap.tapped_at, own_tap.partner_id, null, null, null, null, null
  from own_tap
  union all
  select
    'streak_days',
    active_day.day,
    active_day.first_tap_at,
    null,
    null,
    null,
    null,
    null,
    active_day.day - active_day.run_started_on + 1
  from active_day
  where active_day.user_id = $1::uuid
)
select
  quest_day.quest_id,
  to_char(own_deed.tapped_at at time zone verify_clock.zone, 'YYYY-MM-DD HH24:MI:SS') as local_time,
  own_deed.metric,
  coalesce(
    partner.name,
    own_deed.partner_id::text,
    (
      select coalesce(app_user.name, app_user.id::text)
      from own_tap
      join app_user on app_user.id = own_tap.partner_id
      where own_tap.tapped_at = own_deed.tapped_at
      order by app_user.id
      limit 1
    )
  ) as partner_name,
  own_deed.days_apart,
  own_deed.geohash5,
  own_deed.streak_days,
  (
    select string_agg(coalesce(app_user.name, app_user.id::text), ' met ' order by app_user.id)
    from person
    join app_user on app_user.id = person.user_id
    where person.person_key in (own_deed.friend_key, own_deed.other_key)
  ) as meeting
from verify_clock
cross join quest_day
join own_deed on own_deed.metric = quest_day.metric and own_deed.day = quest_day.day
left join app_user as partner on partner.id = own_deed.partner_id
where quest_day.week_start = $2::date
order by own_deed.tapped_at, own_deed.partner_id
