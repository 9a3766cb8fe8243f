-- Somebody of each of the home cities with most users, and of those without one, for whom a server that begins answers
-- before anybody asks: their boards are then made, and the statements planned. At most $1 users.
select min(user_key.user_id::text) as user_id
from user_key
left join home_place on home_place.user_id = user_key.user_id
group by home_place.country, home_place.state, home_place.city
order by count(*) desc
limit $1
