-- The weeks in which a quest is active.
-- What it means: docs/semantics.md#quests.
create temp view quest_week as
select verify_quest.quest_id, verify_quest.metric, verify_quest.target, verify_quest.span, week.week_start
from verify_quest
join (select distinct verify_calendar.week_start from verify_calendar) as week
  on (verify_quest.active_from is null or verify_quest.active_from <= week.week_start)
  and (verify_quest.active_until is null or verify_quest.active_until >= week.week_start)
where verify_quest.is_active;

create temp view wanted_metric as
select distinct verify_quest.metric from verify_quest where verify_quest.is_active;

-- What counts for quests, with the time of the tap that made it count. Taps are left out because they are too many, and
-- streaks because they are a length and not a sum.
create temp view deed as
select
  'new_people' as metric,
  unnest(array[expected_pair.u1, expected_pair.u2]) as user_id,
  expected_pair.first_day as day,
  expected_pair.first_tap_at as tapped_at,
  unnest(array[expected_pair.u2, expected_pair.u1]) as partner_id,
  null::date as day_before,
  null::text as geohash5,
  null::integer as friend_key,
  null::integer as other_key
from expected_pair
union all
select 'active_days', active_day.user_id, active_day.day, active_day.first_tap_at, null, null, null, null, null
from active_day
union all
select
  'reconnections',
  unnest(array[neighboured.u1, neighboured.u2]),
  neighboured.day,
  neighboured.first_tap_at,
  unnest(array[neighboured.u2, neighboured.u1]),
  neighboured.day_before,
  null,
  null,
  null
from (
  select
    fact.u1,
    fact.u2,
    fact.day,
    fact.first_tap_at,
    lag(fact.day) over (partition by fact.u1, fact.u2 order by fact.day) as day_before
  from fact
  where exists (select 1 from wanted_metric where wanted_metric.metric = 'reconnections')
    and (
      fact.u1 in (select verify_user.user_id from verify_user)
      or fact.u2 in (select verify_user.user_id from verify_user)
    )
) as neighboured
where neighboured.day - neighboured.day_before >= 30
union all
select
  'new_areas',
  visited_cell.user_id,
  visited_cell.first_day,
  visited_cell.first_tap_at,
  null,
  null,
  visited_cell.geohash5,
  null,
  null
from visited_cell
union all
-- An assist: of three users who are all connected, two met after both had met the third.
select 'assists', person.user_id, far.first_day, far.first_tap_at, null, null, null, far.person_key, far.friend_key
from verify_user
join person on person.user_id = verify_user.user_id
join tie as near on near.person_key = person.person_key
join tie as far on far.person_key = near.friend_key and far.first_day > near.first_day
join tie as other
  on other.person_key = person.person_key
  and other.friend_key = far.friend_key
  and other.first_day < far.first_day
where far.person_key < far.friend_key
  and exists (select 1 from wanted_metric where wanted_metric.metric = 'assists');
