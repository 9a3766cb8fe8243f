create table friend_list as
select
  friend.user_key,
  string_agg(
    int4send(friend.friend_key) || int4send(friend.first_day - date '0001-01-01'),
    ''::bytea order by friend.friend_key
  ) as friends
from (
  select u1_key as user_key, u2_key as friend_key, first_day from pair
  union all
  select u2_key, u1_key, first_day from pair
) as friend
group by friend.user_key;
alter table friend_list add primary key (user_key);
