-- Progress of the verified users in every quest of every week, by definition. Quests whose definition changed since the
-- last run are told apart.
--! table: user_quest_progress
--! says: quests of the verified users, counted by definition
with stored as (
  select
    user_quest_progress.user_id,
    user_quest_progress.quest_id,
    user_quest_progress.week_start,
    user_quest_progress.progress,
    user_quest_progress.completed_at
  from verify_user
  join user_quest_progress on user_quest_progress.user_id = verify_user.user_id
  join verify_quest on verify_quest.quest_id = user_quest_progress.quest_id
), compared as (
  select
    user_id,
    quest_id,
    week_start,
    expected_quest.reached is not null as is_expected,
    stored.progress is not null as is_stored,
    expected_quest.reached,
    expected_quest.target,
    expected_quest.completed_at as expected_completed_at,
    stored.progress,
    stored.completed_at as stored_completed_at
  from expected_quest
  full join stored using (user_id, quest_id, week_start)
  -- Nearly every row is exactly what it should be, which one comparison tells.
  where (stored.progress, stored.completed_at) is distinct from (
      jsonb_build_object(
        'count', expected_quest.reached,
        'target', expected_quest.target,
        'pct', least(100, 100 * expected_quest.reached / expected_quest.target)
      ),
      expected_quest.completed_at
    )
)
select
  format('user_id %s, quest %s, week_start %s', compared.user_id, quest_definitions.slug, compared.week_start) as key,
  compared.user_id,
  null::uuid as other_id,
  compared.week_start as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  null::date as mark_day,
  compared.user_id as mark_user
from compared
join quest_definitions on quest_definitions.quest_id = compared.quest_id
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('progress.count', compared.progress ->> 'count', compared.reached::text),
    ('progress.target', compared.progress ->> 'target', compared.target::text),
    (
      'progress.pct',
      compared.progress ->> 'pct',
      case
        when compared.reached >= compared.target then '100'
        else floor(100 * compared.reached::numeric / compared.target)::text
      end
    ),
    ('progress', (compared.progress - array['count', 'target', 'pct'])::text, '{}'),
    ('completed_at', compared.stored_completed_at::text, compared.expected_completed_at::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
