-- Up Migration

-- The key that referred to quest_definitions was looked up once for each of the millions of rows that a backfill writes:
-- about half of what their insertion took. A trigger does what it was for.
alter table user_quest_progress drop constraint user_quest_progress_quest_id_fkey;
comment on column user_quest_progress.quest_id is 'The quest; its rows go with it (forget_quest).';

create function forget_quest() returns trigger
language plpgsql
security definer
set search_path from current
as $$
begin
  -- A batch holds this lock until it ends: without waiting for it, the rows that it is writing would stay.
  lock table processed_day in exclusive mode;
  if tg_op = 'TRUNCATE' then
    truncate user_quest_progress;
  else
    delete from user_quest_progress using gone where user_quest_progress.quest_id = gone.quest_id;
  end if;
  return null;
end
$$;
comment on function forget_quest() is 'Takes the progress of deleted quests away. Runs with its owner''s rights: who deletes a quest need not be allowed to touch progress.';
revoke all on function forget_quest() from public;

create trigger forget_deleted_quest after delete on quest_definitions
referencing old table as gone for each statement execute function forget_quest();
comment on trigger forget_deleted_quest on quest_definitions is 'Progress goes with its quest.';

create trigger forget_all_quests after truncate on quest_definitions
for each statement execute function forget_quest();
comment on trigger forget_all_quests on quest_definitions is 'All progress goes with all quests.';

-- Down Migration

drop trigger forget_all_quests on quest_definitions;
drop trigger forget_deleted_quest on quest_definitions;
drop function forget_quest();
delete from user_quest_progress
where not exists (select from quest_definitions where quest_definitions.quest_id = user_quest_progress.quest_id);
alter table user_quest_progress
  add constraint user_quest_progress_quest_id_fkey
  foreign key (quest_id) references quest_definitions on delete cascade;
comment on column user_quest_progress.quest_id is 'The quest.';
