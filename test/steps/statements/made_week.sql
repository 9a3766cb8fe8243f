-- prepare
insert into made_week (week)
select distinct week_number(pair.first_day) as week
from pair
where pair.first_day >= case
  when exists (select 1 from changed_quest where changed_quest.metric = 'assists')
    then date '-infinity'
  else (select week_start(assist_since.week) from assist_since where assist_since.is_most)
end
union
select distinct week_number(changed_pair.old_first_day)
from changed_pair
where changed_pair.old_first_day is not null
  and (
    exists (select 1 from changed_quest where changed_quest.metric = 'assists')
    or exists (select 1 from assist_since where assist_since.is_most)
  );
