-- prepare
insert into user_day_scope (day)
select day from changed_pair_day
union
select old_first_day from changed_pair
where old_first_day is distinct from new_first_day and old_first_day is not null
union
select new_first_day from changed_pair
where old_first_day is distinct from new_first_day and new_first_day is not null;
