-- How many connections changed, since which week, and how many were made since then.
--! reads: changed_pair, pair, quest_rule
--! writes: assist_part
--! grain: week
--! spread: by_user
select
  changed.week,
  changed.moved_count,
  (
    -- No more are counted than it takes to say.
    select count(*)
    from (
      select 1 from pair where pair.first_day >= week_start(changed.week) limit 2 * changed.moved_count
    ) as made_since
  )::integer as made_count
from (
  -- The first tap of a pair is another one now, if only by its time.
  select
    min(week_number(least(changed_pair.old_first_day, changed_pair.new_first_day))) as week,
    count(*)::integer as moved_count
  from changed_pair
  where exists (select 1 from quest_rule where metric = 'assists' and is_active)
) as changed
where changed.week is not null
