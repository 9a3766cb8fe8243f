-- Every valid tap of user $2 on a processed day, from the source, with the partner. $1 zone.
select
  to_char(dated.day, 'YYYY-MM-DD') as day,
  to_char(dated.tapped_at at time zone $1::text, 'YYYY-MM-DD HH24:MI:SS') as local_time,
  to_char(dated.tapped_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as utc_time,
  dated.partner_id,
  app_user.name as partner_name
from (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    classified_tap.tapped_at,
    case when classified_tap.u1 = $2::uuid then classified_tap.u2 else classified_tap.u1 end as partner_id
  from classified_tap
  where $2::uuid in (classified_tap.u1, classified_tap.u2)
    and classified_tap.ignored_because is null
) as dated
join processed_day on processed_day.day = dated.day
join app_user on app_user.id = dated.partner_id
order by dated.tapped_at, dated.partner_id
