-- The connections of a batch that only added some, all in the week of L, as an ordinary night does: then nobody's past
-- changes, and second_degree_gain finds who came nearer without counting both ends anew. Empty for any other batch.
--! reads: changed_friend, batch_day, batch_user
--! writes: second_degree_added
--! grain: user_key, friend_key
--! params: as_of_day
with added as (
  insert into second_degree_added (user_key, friend_key)
  select changed_friend.user_key, changed_friend.friend_key
  from changed_friend
  where not exists (
      select
      from changed_friend as other
      where other.old_week is not null
        or other.new_week is distinct from week_number($1::date)
    )
    and not exists (select from batch_day where batch_day.forced)
    and not exists (select from batch_user)
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
