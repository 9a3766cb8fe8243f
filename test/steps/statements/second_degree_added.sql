-- prepare, $1 as_of_day
create temp table second_degree_added as
select changed_friend.user_key, changed_friend.friend_key
from changed_friend
where not exists (
    select 1
    from changed_friend as other
    where other.old_week is not null
      or other.new_week is distinct from week_number($1::date)
  )
  -- A repair does not trust what is stored, which a gain is added to.
  and not exists (select 1 from second_degree_suspect);
