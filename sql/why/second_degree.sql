-- Who has ever stood at distance 2 of user $2, from the source: since when, through whom first, and since when as a
-- friend. $1 zone.
with connection_of_source as (
  select
    dated.u1,
    dated.u2,
    min(dated.day) as first_day
  from (
    select classified_tap.u1, classified_tap.u2, (classified_tap.tapped_at at time zone $1::text)::date as day
    from classified_tap
    where classified_tap.ignored_because is null
  ) as dated
  join processed_day on processed_day.day = dated.day
  group by dated.u1, dated.u2
), both_end as (
  select u1 as user_id, u2 as friend_id, first_day from connection_of_source
  union all
  select u2, u1, first_day from connection_of_source
), near as (
  select both_end.friend_id, both_end.first_day
  from both_end
  where both_end.user_id = $2::uuid
), reached as (
  select distinct on (far.friend_id)
    far.friend_id as other_id,
    near.friend_id as through_id,
    greatest(near.first_day, far.first_day) as reached_on
  from near
  join both_end as far on far.user_id = near.friend_id
  where far.friend_id <> $2::uuid
  order by far.friend_id, greatest(near.first_day, far.first_day), near.friend_id
)
select
  reached.other_id,
  other.name as other_name,
  through.name as through_name,
  to_char(reached.reached_on, 'YYYY-MM-DD') as reached_on,
  to_char(direct.first_day, 'YYYY-MM-DD') as met_on
from reached
left join near as direct on direct.friend_id = reached.other_id
join app_user as other on other.id = reached.other_id
join app_user as through on through.id = reached.through_id
order by reached.reached_on, reached.other_id
