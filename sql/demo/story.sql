-- What the page of the first user tells, up to the moment $4, among $1 users over $2 days of seed $3: a streak, a tie
-- that fades and one that is about to, a quest one step from done, an introduction, a new city, company in the last
-- hour, and a surge near by. It replaces the viewer's made-up taps of the last days, and all taps of the pairs that it
-- is about.
with moment as (
  select
    $4::timestamptz as now_at,
    ($4::timestamptz at time zone 'UTC')::date as today,
    date_trunc('week', $4::timestamptz at time zone 'UTC') at time zone 'UTC' as week_at,
    -- A place without a rush hour at the moment.
    case when extract(hour from $4::timestamptz at time zone 'UTC') between 16 and 21 then 40.7359 else 40.6782 end as latitude,
    case when extract(hour from $4::timestamptz at time zone 'UTC') between 16 and 21 then -73.9911 else -73.9442 end
      as longitude
), person as (
  select number.number, md5(format('user %s %s', $3::integer, number.number))::uuid as id
  from generate_series(1, $1::integer) as number (number)
), cast_pair as (
  -- Pairs whose taps are all in the story: who fades, who is about to, who is new, and who was introduced.
  select pair.one, pair.other
  from (
    values (1, 20), (1, 21), (1, 22), (1, 30), (1, 31), (1, 32), (1, 33), (2, 22)
  ) as pair (one, other)
), deleted as (
  delete from public.taps
  using moment
  where $1::integer >= 40
    and (
      (
        (select person.id from person where person.number = 1) in (taps.id1, taps.id2)
        and taps.time > moment.now_at - interval '13 days'
      )
      or exists (
        select 1
        from cast_pair
        join person as one on one.number = cast_pair.one
        join person as other on other.number = cast_pair.other
        where (taps.id1 = one.id and taps.id2 = other.id) or (taps.id1 = other.id and taps.id2 = one.id)
      )
    )
), told as (
  -- Taps with the viewer's own circle on most days of the year, and on each of the last eleven.
  select
    1 as one,
    2 + (choice.dice & 15) % 10 as other,
    (moment.today - day.back)::timestamp at time zone 'UTC'
      + make_interval(hours => 8 + turn.turn * 3, mins => (choice.dice >> 8) & 63) as tapped_at,
    40.7505 as latitude,
    -73.9934 as longitude
  from moment
  cross join generate_series(1, $2::integer) as day (back)
  cross join generate_series(1, 3) as turn (turn)
  cross join lateral (
    select (hashtextextended(format('story %s %s', day.back, turn.turn), $3::integer) & 65535)::integer as dice
  ) as choice
  where day.back <> 12
    and (
      (turn.turn = 1 and day.back <= 11)
      or (turn.turn < 3 and (choice.dice >> 4) & 7 < 4)
      or (choice.dice >> 4) & 7 < 2
    )
  union all
  -- Usually every five days, silent for eighteen; usually every four, silent for twelve.
  select 1, 20, moment.now_at - make_interval(days => back, hours => 2), 40.7061, -73.9969
  from moment
  cross join generate_series(18, 68, 5) as day (back)
  union all
  select 1, 21, moment.now_at - make_interval(days => back, hours => 3), 40.7812, -73.9665
  from moment
  cross join generate_series(12, 60, 4) as day (back)
  union all
  -- Four new people this week; five complete a quest.
  select
    1,
    29 + turn.turn,
    greatest(moment.week_at + make_interval(mins => turn.turn), moment.now_at - make_interval(mins => 31 + (turn.turn - 1) * 700)),
    40.7580,
    -73.9855
  from moment
  cross join generate_series(1, 4) as turn (turn)
  union all
  -- Two people who knew the viewer met each other this week.
  select 1, 22, moment.now_at - make_interval(days => day.back), 40.7505, -73.9934
  from moment
  cross join (values (9), (20)) as day (back)
  union all
  select 2, 22, greatest(moment.week_at + interval '2 minutes', moment.now_at - interval '5 hours'), 40.7505, -73.9934
  from moment
  union all
  -- A trip, and taps within the last hour.
  select 1, 3, moment.now_at - interval '2 days', 39.9526, -75.1652 from moment
  union all
  select 1, 2, moment.now_at - interval '12 minutes', moment.latitude, moment.longitude from moment
  union all
  -- Forty taps at one place in the last fifty minutes, of as many pairs as there are.
  select
    38 + 2 * ((turn.turn - 1) % pairs.count),
    39 + 2 * ((turn.turn - 1) % pairs.count),
    moment.now_at - make_interval(mins => 2 + (turn.turn * 7) % 48),
    moment.latitude + (turn.turn % 5) * 0.0004,
    moment.longitude + (turn.turn % 3) * 0.0004
  from moment
  cross join (select greatest(1, least(40, ($1::integer - 38) / 2)) as count) as pairs
  cross join generate_series(1, 40) as turn (turn)
)
insert into public.taps (id, id1, id2, time, latitude, longitude)
select
  md5(format('story %s %s %s %s', $3::integer, told.one, told.other, told.tapped_at))::uuid,
  one.id,
  other.id,
  told.tapped_at,
  told.latitude,
  told.longitude
from told
cross join moment
join person as one on one.number = told.one
join person as other on other.number = told.other
where $1::integer >= 40
  and told.tapped_at > moment.now_at - make_interval(days => $2::integer + 1)
on conflict (id) do nothing
