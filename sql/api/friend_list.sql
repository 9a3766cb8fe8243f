-- The connections of the users with the user_keys $1, all in one piece: of each list the user_key, the number of its
-- entries and the entries. Always one row; null where nobody has any.
select
  string_agg(
    int4send(friend_list.user_key) || int4send(length(friend_list.friends) / 8) || friend_list.friends,
    ''::bytea
  )::text as friend_lists
from unnest($1::integer[]) as given (user_key)
join friend_list on friend_list.user_key = given.user_key
