-- The days up to the last one, with the taps that count and those that do not, and why.
create table processed_day as
select
  given.day::date as day,
  coalesce(tapped.tap_count, 0) as tap_count,
  coalesce(tapped.null_id_count, 0) as null_id_count,
  coalesce(tapped.self_tap_count, 0) as self_tap_count,
  coalesce(tapped.unknown_user_count, 0) as unknown_user_count
from (
  select min((time at time zone 'UTC')::date) as first_day, max((time at time zone 'UTC')::date) as last_day from tap
) as span
cross join lateral generate_series(span.first_day::timestamp, span.last_day, interval '1 day') as given (day)
left join (
  select
    (tap.time at time zone 'UTC')::date as day,
    count(*) filter (where tap.id1 <> tap.id2 and known1.id is not null and known2.id is not null)::integer as tap_count,
    count(*) filter (where tap.id1 is null or tap.id2 is null)::integer as null_id_count,
    count(*) filter (where tap.id1 = tap.id2)::integer as self_tap_count,
    count(*) filter (where tap.id1 <> tap.id2 and (known1.id is null or known2.id is null))::integer as unknown_user_count
  from tap
  left join public.users as known1 on known1.id = tap.id1
  left join public.users as known2 on known2.id = tap.id2
  group by 1
) as tapped on tapped.day = given.day::date;
alter table processed_day add primary key (day);
