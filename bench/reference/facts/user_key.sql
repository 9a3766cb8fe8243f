-- The numbers are the reference's own: they mean nothing.
create table user_key as
select (row_number() over (order by tapper.user_id))::integer as user_key, tapper.user_id
from (
  select tap.id1 as user_id from tap join public.users as other on other.id = tap.id2 where tap.id1 <> tap.id2
  union
  select tap.id2 from tap join public.users as other on other.id = tap.id1 where tap.id1 <> tap.id2
) as tapper
join public.users on users.id = tapper.user_id;
alter table user_key add primary key (user_key), add unique (user_id);
analyze user_key;
