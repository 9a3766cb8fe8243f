-- Who stood at distance 2 of user $1 when the week that begins on $2 ended: since which day, through whom first, and
-- whether they came to that distance in this week.
select distinct on (reach.other_key)
  coalesce(other_user.name, other_user.id::text) as name,
  coalesce(through_user.name, through_user.id::text) as through_name,
  greatest(near.first_day, far.first_day) as reached_on,
  reach.reached_week = week.number as is_new
from person
cross join (select floor(($2::date - date '2001-01-01') / 7.0) as number) as week
cross join lateral pg_temp.reach_of(person.person_key) as reach
join tie as near on near.person_key = person.person_key
join tie as far on far.person_key = near.friend_key and far.friend_key = reach.other_key
join person as through on through.person_key = near.friend_key
join person as other on other.person_key = reach.other_key
join app_user as through_user on through_user.id = through.user_id
join app_user as other_user on other_user.id = other.user_id
where person.user_id = $1::uuid
  and reach.reached_week <= week.number
  and (reach.met_week is null or reach.met_week > week.number)
order by reach.other_key, greatest(near.first_day, far.first_day), through.user_id
