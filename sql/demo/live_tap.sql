-- Makes up one tap of now: by user $1 or a random one, mostly with a recent partner and at a recent place.
with one as (
  select coalesce($1::uuid, (select users.id from public.users order by random() limit 1)) as id
), lately as (
  select taps.id1, taps.id2, taps.latitude, taps.longitude
  from public.taps
  where isfinite(taps.time)
  order by taps.time desc
  limit 3000
), partner as (
  select case when lately.id1 = one.id then lately.id2 else lately.id1 end as id
  from one
  join lately on one.id in (lately.id1, lately.id2)
), other as (
  -- One in five is with a random user: otherwise no two users would meet for the first time.
  select candidate.id
  from (
    (select partner.id, 1 as choice from partner where random() < 0.8)
    union all
    (select users.id, 2 from public.users order by random() limit 3)
  ) as candidate
  join public.users on users.id = candidate.id
  cross join one
  where candidate.id <> one.id
  order by candidate.choice, random()
  limit 1
)
insert into public.taps (id, id1, id2, time, latitude, longitude)
select gen_random_uuid(), one.id, other.id, now(), place.latitude, place.longitude
from one
cross join other
left join (
  select lately.latitude, lately.longitude from lately where lately.latitude is not null order by random() limit 1
) as place on true
