-- What happens on a night (:to_day) besides the taps that arrive: a few old taps, chosen by a hash, are deleted, moved
-- by a day or given another partner, and every tenth night somebody leaves.
create temp table touched as
select id, hashint8extended(id, :night) & 1023 as dice
from public.taps
where time < :to_day - 3 and hashint8extended(id, :night) & 16383 < 8;

delete from public.taps using touched where touched.id = taps.id and touched.dice % 3 = 0;

update public.taps set time = time - interval '1 day' from touched where touched.id = taps.id and touched.dice % 3 = 1;

update public.taps
set id2 = (select id from public.users where id not in (taps.id1, taps.id2) order by md5(id::text || taps.id) limit 1)
from touched
where touched.id = taps.id and touched.dice % 3 = 2;

delete from public.users
where :night % 10 = 5 and id = (select id from public.users order by md5(id::text || :night::text) limit 1);

drop table touched;
