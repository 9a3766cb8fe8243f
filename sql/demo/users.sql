-- A community: $1 users from seed $2. Every choice is a hash of the seed and what it is about, so that the same seed
-- gives the same people on every server.
insert into public.users (id, name, home)
select
  md5(format('user %s %s', $2::integer, member.number))::uuid,
  format(
    '%s %s.',
    (array[
      'Ada', 'Ben', 'Chloe', 'Dario', 'Elif', 'Femi', 'Grace', 'Hugo', 'Ines', 'Jonas', 'Kira', 'Liam', 'Mara', 'Noor',
      'Omar', 'Pia', 'Quinn', 'Rosa', 'Sam', 'Tove', 'Uma', 'Vito', 'Wren', 'Xenia', 'Yusuf', 'Zoe'
    ])[1 + (member.number * 7) % 26],
    chr(65 + (member.number * 11 / 26) % 26)
  ),
  -- The first is the one whose page is shown: at home where the taps are.
  case when member.number = 1 then 'New York, NY' else (array[
    'New York, NY', 'Brooklyn, NY', 'NYC', 'Austin, TX', 'austin tx', 'San Francisco, CA', 'Bay Area', 'Chicago', 'London',
    'Berlin, Germany', 'Paris, France', 'Toronto, Canada', '', null, 'Earth', 'Philly / NYC'
  ])[1 + (hashtextextended(format('home %s', member.number), $2::integer) & 15)] end
from generate_series(1, $1::integer) as member (number)
