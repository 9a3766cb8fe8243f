-- What counts for quests, a row each, with the tap that did it. Not here: taps, of which there are many, and streaks,
-- which are a length and not a sum.
with wanted as (
  select distinct verify_quest.metric
  from verify_quest
  where verify_quest.is_active
), neighboured as (
  select
    fact.u1,
    fact.u2,
    fact.day,
    fact.first_tap_at,
    lag(fact.day) over (partition by fact.u1, fact.u2 order by fact.day) as day_before
  from fact
  where exists (select from wanted where wanted.metric = 'reconnections')
), deed as (
  select
    'new_people' as metric,
    unnest(array[expected_pair.u1, expected_pair.u2]) as user_id,
    expected_pair.first_day as day,
    expected_pair.first_tap_at as tapped_at
  from expected_pair
  union all
  select 'active_days', active_day.user_id, active_day.day, active_day.first_tap_at
  from active_day
  union all
  select 'reconnections', unnest(array[neighboured.u1, neighboured.u2]), neighboured.day, neighboured.first_tap_at
  from neighboured
  where neighboured.day - neighboured.day_before >= 30
  union all
  select 'new_areas', visited_cell.user_id, visited_cell.first_day, visited_cell.first_tap_at
  from visited_cell
  union all
  -- Two friends who met after both had met the user: the tie that was made last of a triangle.
  select 'assists', person.user_id, far.first_day, far.first_tap_at
  from verify_user
  join person on person.user_id = verify_user.user_id
  join tie as near on near.person_key = person.person_key
  join tie as far on far.person_key = near.friend_key and far.first_day > near.first_day
  join tie as other
    on other.person_key = person.person_key
    and other.friend_key = far.friend_key
    and other.first_day < far.first_day
  where far.person_key < far.friend_key
    and exists (select from wanted where wanted.metric = 'assists')
)
insert into quest_deed (metric, user_id, day, tapped_at)
select deed.metric, deed.user_id, deed.day, deed.tapped_at
from deed
join wanted on wanted.metric = deed.metric
join verify_user on verify_user.user_id = deed.user_id
