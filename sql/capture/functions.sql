-- The trigger functions of capture. {{time}} is the mapped time of a tap and {{user}} the mapped id of a user: SQL over
-- the application's columns, as in the views. They run with the rights of our owner, so that the application needs none
-- in this schema. They only insert, so that writers never wait for each other. A user without an id, and a tap without
-- a time, are nobody's and of no day. {{taps}} and {{users}} are the tables' own names, by which the SQL may call them.
create or replace function capture_taps() returns trigger
language plpgsql
security definer
set search_path = "{{schema}}", pg_temp
as $capture$
#variable_conflict use_column
begin
  if tg_op = 'TRUNCATE' then
    insert into change_queue (is_everything) values (true);
    return null;
  end if;
  if tg_op <> 'DELETE' then
    insert into change_queue (utc_day)
    select distinct ({{time}})::date from new_row as {{taps}} where isfinite({{time}});
  end if;
  if tg_op <> 'INSERT' then
    insert into change_queue (utc_day)
    select distinct ({{time}})::date from old_row as {{taps}} where isfinite({{time}});
  end if;
  return null;
end
$capture$;

create or replace function capture_users() returns trigger
language plpgsql
security definer
set search_path = "{{schema}}", pg_temp
as $capture$
#variable_conflict use_column
begin
  if tg_op = 'TRUNCATE' then
    insert into change_queue (is_everything) values (true);
  elsif tg_op = 'INSERT' then
    insert into change_queue (user_id) select {{user}} from new_row as {{users}} where {{user}} is not null;
  elsif tg_op = 'DELETE' then
    insert into change_queue (user_id) select {{user}} from old_row as {{users}} where {{user}} is not null;
  else
    insert into change_queue (user_id)
    select changed.user_id
    from (
      (select {{user}} from old_row as {{users}} except select {{user}} from new_row as {{users}})
      union
      (select {{user}} from new_row as {{users}} except select {{user}} from old_row as {{users}})
    ) as changed (user_id)
    where changed.user_id is not null;
  end if;
  return null;
end
$capture$;

comment on function capture_taps() is 'Trigger of arc-gam capture: notes the days of the taps that a statement touched.';
comment on function capture_users() is 'Trigger of arc-gam capture: notes the users that a statement added or deleted.';
