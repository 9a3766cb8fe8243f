-- What migrations/0007_quest_deletion.sql says, for progress that is distributed: no node knows the rows that a trigger
-- was told of.
create or replace function forget_quest() returns trigger
language plpgsql
security definer
set search_path from current
as $$
declare
  gone_ids uuid[];
begin
  -- A batch holds this lock until it ends: without waiting for it, the rows that it is writing would stay.
  lock table processed_day in exclusive mode;
  -- Nor should somebody who is copying the figures find some of them gone (copying.sql).
  perform pg_advisory_xact_lock({{key}});
  if tg_op = 'TRUNCATE' then
    truncate user_quest_progress;
  else
    gone_ids := (select array_agg(gone.quest_id) from gone);
    delete from user_quest_progress where user_quest_progress.quest_id = any (gone_ids);
  end if;
  return null;
end
$$
