-- The days whose users are counted again: those on which a pair tapped otherwise, became connected or no longer did. In a
-- table of its own, so that the planner knows how few they are.
--! reads: changed_pair_day, changed_pair, batch_day
--! writes: user_day_scope
--! grain: day
with added as (
  insert into user_day_scope (day)
  select day from changed_pair_day
  union
  select old_first_day from changed_pair
  where old_first_day is distinct from new_first_day and old_first_day is not null
  union
  select new_first_day from changed_pair
  where old_first_day is distinct from new_first_day and new_first_day is not null
  union
  select day from batch_day where forced
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
