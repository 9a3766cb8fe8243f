-- prepare
insert into made_week (week)
select distinct week_number(pair.first_day) from pair;
