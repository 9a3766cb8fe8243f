-- Up Migration

create function refuse_old_snapshot() returns trigger
language plpgsql
as $$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'A quest is deleted in a transaction of isolation level read committed, not %: it would not see the progress that a run has written since it began, and leave it', current_setting('transaction_isolation');
  end if;
  return null;
end
$$;
comment on function refuse_old_snapshot() is 'Keeps a deletion from leaving progress that its snapshot does not have.';

create trigger delete_as_of_now before delete on quest_definitions
for each statement execute function refuse_old_snapshot();
comment on trigger delete_as_of_now on quest_definitions is 'All progress of a deleted quest goes, also what a run has just written.';

-- Down Migration

drop trigger delete_as_of_now on quest_definitions;
drop function refuse_old_snapshot();
