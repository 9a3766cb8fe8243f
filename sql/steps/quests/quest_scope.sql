-- Whose quests are derived again, and for which weeks: what depends on a user's own taps (assists do not). Without
-- metrics: all of them. A week is its user's whole week: counts are small, and completed_at needs their order.
-- Where all days of the batch come after those that were known before ($1), nothing but its own weeks can depend on it.
--! reads: changed_user_day, changed_run, changed_pair_day, changed_pair_tap, changed_user_cell, changed_quest, user_key, pair, pair_day, user_week_activity
--! writes: quest_scope
--! grain: user_key, week
--! params: is_later
--! spread: by_user
with own_week as materialized (
  select distinct user_key.user_key, week_number(changed_user_day.day) as week
  from changed_user_day
  join user_key on user_key.user_id = changed_user_day.user_id
), next_day as (
  -- How long a pair had not tapped before its next active day depends on the day that came or went: in the line of all
  -- days of a changed pair, those that are there and follow one that changed.
  select line.u1_key, line.u2_key, line.day
  from (
    select
      known.u1_key,
      known.u2_key,
      known.day,
      bool_or(known.is_there) as is_there,
      lag(bool_or(known.is_changed)) over (partition by known.u1_key, known.u2_key order by known.day) as follows_change
    from (
      select u1_key, u2_key, day, false as is_there, true as is_changed from changed_pair_day
      union all
      select pair_day.u1_key, pair_day.u2_key, pair_day.day, true, false
      from (select u1_key, u2_key, min(day) as first_day from changed_pair_day group by u1_key, u2_key) as changed
      join pair
        on pair.u1_key = changed.u1_key
        and pair.u2_key = changed.u2_key
        and pair.last_day >= changed.first_day
      join pair_day on pair_day.u1_key = changed.u1_key and pair_day.u2_key = changed.u2_key
    ) as known
    group by known.u1_key, known.u2_key, known.day
  ) as line
  where line.is_there and line.follows_change
), other_week as (
  -- A run that became another goes on into the weeks after the day that changed.
  select user_key.user_key, later_week.week
  from changed_run
  join user_key on user_key.user_id = changed_run.user_id
  cross join lateral generate_series(
    week_number(changed_run.from_day) + 1, week_number(changed_run.to_day)
  ) as later_week (week)
  where not $1::boolean
  union
  select unnest(array[u1_key, u2_key]), week_number(day) from next_day where not $1::boolean
  union
  select unnest(array[u1_key, u2_key]), week_number(day) from changed_pair_tap where not $1::boolean
  union
  select user_key, week_number(unnest(array[old_first_day, new_first_day])) from changed_user_cell where not $1::boolean
), known_week as (
  select user_key, week from own_week
  union
  select user_key, week from other_week where week is not null
)
select known_week.user_key, known_week.week, null::text[] as metrics
from known_week
join own_user on own_user.user_key = known_week.user_key
union all
select any_week.user_key, any_week.week, changed.metrics
from (select array_agg(distinct metric) as metrics from changed_quest where metric <> 'assists') as changed
cross join (
  select user_key.user_key, week_number(user_week_activity.week_start) as week
  from user_week_activity
  join user_key on user_key.user_id = user_week_activity.user_id
  where exists (select 1 from changed_quest where changed_quest.metric <> 'assists')
) as any_week
left join known_week on known_week.user_key = any_week.user_key and known_week.week = any_week.week
where known_week.user_key is null
