-- The days whose users are counted again: those on which a pair tapped otherwise, became connected or no longer did.
--! reads: changed_pair_day, changed_pair
--! writes: user_day_scope
--! grain: day
select day from changed_pair_day
union
select old_first_day from changed_pair
where old_first_day is distinct from new_first_day and old_first_day is not null
union
select new_first_day from changed_pair
where old_first_day is distinct from new_first_day and new_first_day is not null
