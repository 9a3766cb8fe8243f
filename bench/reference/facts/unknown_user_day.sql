-- The days of the taps of which one or both are not in users.
create table unknown_user_day as
select distinct
  (tap.time at time zone 'UTC')::date as day,
  uuid_hash_extended(side.user_id, 0) as user_hash,
  side.is_known
from tap
left join public.users as known1 on known1.id = tap.id1
left join public.users as known2 on known2.id = tap.id2
cross join lateral (
  values (tap.id1, known1.id is not null), (tap.id2, known2.id is not null)
) as side (user_id, is_known)
where tap.id1 <> tap.id2 and (known1.id is null or known2.id is null);
alter table unknown_user_day add primary key (day, user_hash);
create index on unknown_user_day (user_hash);
