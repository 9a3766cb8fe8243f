-- Since which week connections changed, and whether these are most that were made since then, as in a backfill.
--! reads: assist_part
--! writes: assist_since
--! grain: week
select min(week) as week, 2 * sum(moved_count) > sum(made_count) as is_most
from assist_part
having count(*) > 0
