-- Divides the users into parts of $1, and says how many parts there are.
with divided as (
  insert into verify_user_part (user_id, part)
  select verify_user.user_id, (row_number() over (order by verify_user.user_id) - 1) / $1::integer
  from verify_user
  on conflict (user_id) do nothing
)
select ((count(*) + $1::integer - 1) / $1::integer)::integer as count from verify_user
