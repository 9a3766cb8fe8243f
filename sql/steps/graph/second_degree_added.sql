-- The connections of a batch that only added some, all in the week of L, as an ordinary night does: then nobody's past
-- changes, and second_degree_gain finds who came nearer without counting both ends anew. Empty for any other batch.
--! reads: changed_friend, second_degree_suspect
--! writes: second_degree_added
--! grain: user_key, friend_key
--! params: as_of_day
select changed_friend.user_key, changed_friend.friend_key
from changed_friend
where not exists (
    select 1
    from changed_friend as other
    where other.old_week is not null
      or other.new_week is distinct from week_number($1::date)
  )
  -- A repair does not trust what is stored, which a gain is added to.
  and not exists (select 1 from second_degree_suspect)
