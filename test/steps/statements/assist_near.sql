-- prepare
create temp table assist_near as
select distinct friend.friend_key as user_key
from assist_user
join own_user on own_user.user_key = assist_user.user_key
join friend on friend.user_key = own_user.user_key
where (select count(*) from assist_user) <= 10 * (select count(distinct week) from assist_week);
