create table user_key as
select (row_number() over (order by tapper.user_id))::integer as user_key, tapper.user_id
from (select id1 as user_id from public.taps union select id2 from public.taps) as tapper
join public.users on users.id = tapper.user_id;
alter table user_key add primary key (user_key), add unique (user_id);
analyze user_key;
