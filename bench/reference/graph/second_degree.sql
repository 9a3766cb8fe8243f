-- Where every user stands in the week of the last day.
create table second_degree as
select
  user_key.user_key,
  last.week,
  coalesce(sum(change.entered_count - change.left_count), 0)::integer as second_degree_count,
  coalesce(sum(change.entered_count) filter (where change.week = last.week), 0)::integer as second_degree_new_count
from user_key
cross join (select (max(day) - date '0001-01-01') / 7 as week from pair_day) as last
left join second_degree_change as change on change.user_key = user_key.user_key
group by user_key.user_key, last.week;
alter table second_degree add primary key (user_key);
