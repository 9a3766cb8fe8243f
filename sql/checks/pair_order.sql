-- A pair is written once: the smaller user id is u1.
--! table: connection
--! says: u1 < u2 in every pair
select
  format('u1 %s, u2 %s', connection.u1, connection.u2) as key,
  connection.u1 as user_id,
  connection.u2 as other_id,
  null::date as day,
  'u1' as column_name,
  connection.u1::text as stored,
  format('less than %s', connection.u2) as expected,
  null::date as mark_day,
  connection.u1 as mark_user
from connection
where connection.u1 >= connection.u2
