-- Numbers the users of the graph for this verification alone: the stored keys may be wrong.
insert into person (user_id, person_key)
select
  tapper.user_id,
  row_number() over (order by tapper.user_id)
from (
  select u1 as user_id from expected_pair
  union
  select u2 from expected_pair
) as tapper
