-- prepare
create temp table second_degree_needed as
with own_focus as (
  select focus.user_key
  from second_degree_focus as focus
  join own_user on own_user.user_key = focus.user_key
  union
  select added.user_key
  from second_degree_added as added
  join own_user on own_user.user_key = added.user_key
)
select own_focus.user_key from own_focus
union
select friend.friend_key
from own_focus
join friend on friend.user_key = own_focus.user_key
union
select changed_friend.friend_key
from changed_friend
join own_user on own_user.user_key = changed_friend.user_key;
