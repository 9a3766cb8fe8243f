-- What must hold within a row of progress, whatever the taps are. $1 as-of day.
--! table: user_quest_progress
--! says: count, target, pct and completed_at agree with each other
--! params: as_of_day
select
  format(
    'user_id %s, quest %s, week_start %s', user_quest_progress.user_id, quest_definitions.slug, user_quest_progress.week_start
  ) as key,
  user_quest_progress.user_id,
  null::uuid as other_id,
  user_quest_progress.week_start as day,
  rule.column_name,
  rule.stored,
  rule.expected,
  null::date as mark_day,
  user_quest_progress.user_id as mark_user
from verify_user
join user_quest_progress on user_quest_progress.user_id = verify_user.user_id
join verify_quest on verify_quest.quest_id = user_quest_progress.quest_id
join quest_definitions on quest_definitions.quest_id = user_quest_progress.quest_id
cross join lateral (
  select
    case
      when user_quest_progress.progress ->> 'count' ~ '^[0-9]{1,15}$'
        then (user_quest_progress.progress ->> 'count')::numeric
      else -1
    end as reached
  -- Worked out once, not wherever it is named.
  offset 0
) as given
cross join lateral (
  values
    (
      user_quest_progress.week_start <= $1::date,
      'week_start',
      user_quest_progress.week_start::text,
      format('at most %s, the as-of day', $1::date)
    ),
    (given.reached >= 1, 'progress.count', user_quest_progress.progress ->> 'count', 'a whole number from 1 on'),
    (
      user_quest_progress.progress ->> 'target' = verify_quest.target::text,
      'progress.target',
      user_quest_progress.progress ->> 'target',
      verify_quest.target::text
    ),
    (
      user_quest_progress.progress ->> 'pct' = least(100, floor(100 * given.reached / verify_quest.target))::text,
      'progress.pct',
      user_quest_progress.progress ->> 'pct',
      least(100, floor(100 * given.reached / verify_quest.target))::text
    ),
    (
      (user_quest_progress.completed_at is not null) = (given.reached >= verify_quest.target),
      'completed_at',
      user_quest_progress.completed_at::text,
      case when given.reached >= verify_quest.target then 'a time' else 'null, the target is not reached' end
    )
) as rule (holds, column_name, stored, expected)
where rule.holds is not true
  -- Nearly every row is exactly what it should be, which one comparison tells.
  and (
    user_quest_progress.week_start > $1::date
    or user_quest_progress.progress is distinct from jsonb_build_object(
      'count', (user_quest_progress.progress -> 'count'),
      'target', verify_quest.target,
      'pct', least(100, floor(100 * given.reached / verify_quest.target))
    )
    or given.reached < 1
    or (user_quest_progress.completed_at is not null) <> (given.reached >= verify_quest.target)
  )
