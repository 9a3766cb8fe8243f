-- Their taps on the $2 days that end with $4: $1 users, seed $3. Circles of friends of twelve meet mostly among
-- themselves, some people are far more active than others, weekends are busier, six places have rush hours, and about
-- one row in eighty is dirt of the kinds that real tables hold.
with member as (
  select
    number.number,
    number.number / 12 as circle,
    -- From 0.05 to 1.6 taps a day that a user starts: few users are very active, many are quiet.
    0.05 + 1.55 * power((hashtextextended(format('keen %s', number.number), $3::integer) & 1023) / 1023.0, 3) as keenness
  from generate_series(1, $1::integer) as number (number)
), attempt as (
  select
    member.number,
    member.circle,
    day.day,
    turn.turn,
    hashtextextended(format('tap %s %s %s', member.number, day.day, turn.turn), $3::integer) as dice
  from member
  cross join (select $4::date - back.back as day from generate_series(0, $2::integer - 1) as back (back)) as day
  cross join generate_series(1, 3) as turn (turn)
  where (hashtextextended(format('go %s %s %s', member.number, day.day, turn.turn), $3::integer) & 1023) / 1023.0
    < member.keenness / 3 * case when extract(isodow from day.day) >= 6 then 1.8 else 1 end
), met as (
  select
    attempt.number,
    attempt.day,
    attempt.turn,
    attempt.dice,
    case
      when (attempt.dice & 7) < 6 then attempt.circle * 12 + ((attempt.dice >> 8) & 4095) % 12
      -- Most of the others are from neighbouring circles: if everybody met everybody, nobody would be new after a few
      -- weeks.
      when (attempt.dice >> 28) & 15 > 0 then attempt.number + ((attempt.dice >> 8) & 63) - 32
      else 1 + ((attempt.dice >> 8) & 1048575) % $1::integer
    end as partner,
    (attempt.dice >> 32) & 127 as dirt,
    (1 + ((attempt.dice >> 40) & 15) % 6)::integer as place,
    ((attempt.dice >> 48) & 1023)::integer as moment
  from attempt
)
insert into public.taps (id, id1, id2, time, latitude, longitude)
select
  md5(format('tap %s %s %s %s', $3::integer, met.number, met.day, met.turn))::uuid,
  case when met.dirt = 0 then null else md5(format('user %s %s', $3::integer, met.number))::uuid end,
  case
    when met.dirt = 1 then md5(format('user %s %s', $3::integer, met.number))::uuid
    when met.dirt = 2 then md5(format('stranger %s %s', $3::integer, met.number))::uuid
    else md5(format('user %s %s', $3::integer, met.partner))::uuid
  end,
  case
    when met.dirt = 3 then null
    else
      met.day::timestamp at time zone 'UTC'
      -- Two thirds of the taps of a place fall into its rush hours.
      + case
        when met.moment % 3 < 2 then make_interval(hours => 8 + met.place * 2, mins => met.moment % 120)
        else make_interval(mins => met.moment * 1440 / 1024)
      end
      + make_interval(secs => (met.dice >> 20) & 63)
  end,
  case when met.dirt between 4 and 40 then null else place.latitude + (met.moment % 20 - 10) * 0.0005 end,
  case when met.dirt between 4 and 40 then null else place.longitude + (met.moment % 16 - 8) * 0.0005 end
from met
join (
  values
    (1, 40.7359, -73.9911),
    (2, 40.7061, -73.9969),
    (3, 40.7812, -73.9665),
    (4, 40.7505, -73.9934),
    (5, 40.6782, -73.9442),
    (6, 40.7580, -73.9855)
) as place (number, latitude, longitude) on place.number = met.place
where met.partner between 1 and $1::integer
  and met.partner <> met.number
