-- Pairs of friends of user $2 whose first tap came on a day after the user had met both, from the source. $1 zone.
with friend_of_source as (
  select
    case when dated.u1 = $2::uuid then dated.u2 else dated.u1 end as friend_id,
    min(dated.day) as first_day
  from (
    select classified_tap.u1, classified_tap.u2, (classified_tap.tapped_at at time zone $1::text)::date as day
    from classified_tap
    where classified_tap.ignored_because is null
      and $2::uuid in (classified_tap.u1, classified_tap.u2)
  ) as dated
  join processed_day on processed_day.day = dated.day
  group by 1
), met as (
  select dated.u1, dated.u2, min(dated.tapped_at) as tapped_at, min(dated.day) as first_day
  from (
    select
      classified_tap.u1,
      classified_tap.u2,
      classified_tap.tapped_at,
      (classified_tap.tapped_at at time zone $1::text)::date as day
    from classified_tap
    join friend_of_source as side1 on side1.friend_id = classified_tap.u1
    join friend_of_source as side2 on side2.friend_id = classified_tap.u2
    where classified_tap.ignored_because is null
  ) as dated
  join processed_day on processed_day.day = dated.day
  group by dated.u1, dated.u2
)
select
  to_char(met.first_day, 'YYYY-MM-DD') as day,
  to_char(met.tapped_at at time zone $1::text, 'YYYY-MM-DD HH24:MI:SS') as local_time,
  to_char(met.tapped_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as utc_time,
  format('%s met %s', coalesce(user1.name, met.u1::text), coalesce(user2.name, met.u2::text)) as what
from met
join friend_of_source as side1 on side1.friend_id = met.u1
join friend_of_source as side2 on side2.friend_id = met.u2
join app_user as user1 on user1.id = met.u1
join app_user as user2 on user2.id = met.u2
where side1.first_day < met.first_day
  and side2.first_day < met.first_day
order by met.tapped_at
