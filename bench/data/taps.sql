-- $1 users, $2 taps, $3 days, $4 first day, $5 seed. No random(): every number is a hash of the seed and the tap's
-- number, so that the same call makes the same rows anywhere.
-- Who taps is skewed. Whom they tap comes from a circle of theirs that grows over time, whose first members are met
-- most: three in four of the circle are of the same community of 250, the others from anywhere. Two in three taps have
-- coordinates, in one of 40 towns.
insert into public.taps (id1, id2, time, latitude, longitude)
select
  md5($5::integer || ':' || met.one)::uuid,
  md5($5::integer || ':' || met.other)::uuid,
  ($4::date::timestamp at time zone 'UTC') + met.day * interval '1 day' + met.second_of_day * interval '1 second',
  case when met.is_located then 30 + 0.5 * (met.town % 8) + 0.12 * met.spread end,
  case when met.is_located then -100 + 0.5 * (met.town / 8) + 0.12 * met.spread_too end
from (
  select
    drawn.one,
    case
      when circle.slot % 4 < 3
        then drawn.one / 250 * 250
          + (hashint8extended(drawn.one, 11 + circle.slot) & 1048575) % least(250, $1::integer - drawn.one / 250 * 250)
      else (hashint8extended(drawn.one, 11 + circle.slot) & 1048575) % $1::integer
    end as other,
    drawn.day,
    -- Two hours of each day are empty; the evening is busiest.
    (86399 * (1 - power(1 - drawn.clock, 0.6)) * 0.92)::integer as second_of_day,
    drawn.is_located,
    (drawn.one / 250) % 40 as town,
    drawn.spread,
    drawn.spread_too
  from (
    select
      floor($1::integer * power(dice.r1, 1.5))::integer as one,
      dice.r2,
      floor($3::integer * dice.r3)::integer as day,
      dice.r3,
      dice.r4 as clock,
      dice.r5 < 0.667 as is_located,
      dice.r5 / 0.667 as spread,
      dice.r4 as spread_too
    from generate_series(1, $2::bigint) as given (number)
    cross join lateral (
      select
        (hashint8extended(given.number, $5::integer * 10 + 1) & 4294967295) / 4294967296.0::float8 as r1,
        (hashint8extended(given.number, $5::integer * 10 + 2) & 4294967295) / 4294967296.0::float8 as r2,
        -- In the order of time, as applications write them.
        (given.number - 1) / $2::float8 as r3,
        (hashint8extended(given.number, $5::integer * 10 + 4) & 4294967295) / 4294967296.0::float8 as r4,
        (hashint8extended(given.number, $5::integer * 10 + 5) & 4294967295) / 4294967296.0::float8 as r5
    ) as dice
  ) as drawn
  cross join lateral (
    select floor(70 * power(drawn.r2, 1.4) * (0.25 + 0.75 * drawn.r3))::bigint as slot
  ) as circle
) as met
where met.one <> met.other
