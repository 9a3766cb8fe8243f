-- $1 users, $2 seed. Random ids, as applications have them; every second one says where home is.
insert into public.users (id, name, home)
select
  md5($2::integer || ':' || given.number)::uuid,
  'User ' || given.number,
  case
    when given.number % 2 = 0
      then (array['Brooklyn, NY', 'Austin TX', 'London', 'San Francisco, CA', 'Berlin, Germany', 'Paris', 'Earth', 'NYC / LA'])[1 + (given.number / 2) % 8]
  end
from generate_series(0, $1::integer - 1) as given (number)
