-- stage
create temp table stage as
select
  user_key,
  wanted.friends,
  stored.friends as old_friends,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_key,
    friends,
    true as is_wanted
  from (
    select
      changed.user_key,
      string_agg(
        int4send(friend.friend_key) || int4send(friend.first_day - date '0001-01-01'),
        ''::bytea order by friend.friend_key
      ) as friends
    from (
      select u1_key as user_key from changed_pair
      union
      select u2_key from changed_pair
      union
      select user_key from second_degree_suspect
    ) as changed
    join friend on friend.user_key = changed.user_key
    group by changed.user_key
  ) as selected
) as wanted
full join (
  select
    stored.user_key,
    stored.friends,
    true as is_stored
  from (
    select u1_key as user_key from changed_pair
    union
    select u2_key from changed_pair
    union
    select user_key from second_degree_suspect
  ) as changed
  join friend_list as stored on stored.user_key = changed.user_key
) as stored using (user_key)
where (wanted.is_wanted, wanted.friends)
  is distinct from (stored.is_stored, stored.friends);

-- delete
delete from friend_list as target
using stage
where not stage.is_wanted
  and target.user_key = stage.user_key;

-- upsert
insert into friend_list as target (user_key, friends)
select stage.user_key, stage.friends
from stage
where stage.is_wanted
order by stage.user_key
on conflict (user_key) do update set
  friends = excluded.friends;
