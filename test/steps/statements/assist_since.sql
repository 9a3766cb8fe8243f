-- prepare
create temp table assist_since as
select min(week) as week, 2 * sum(moved_count) > sum(made_count) as is_most
from assist_part
having count(*) > 0;
