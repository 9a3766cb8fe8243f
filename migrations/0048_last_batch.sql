-- Up Migration

-- A run may go on for weeks and commit batches all the time, as a follower does, while others begin and end beside it.
alter table run add column last_batch_at timestamptz;
comment on column run.last_batch_at is 'The moment that its last batch was as of: taps that were committed later are not counted by it. Each batch of any run has a later one. Null without a batch.';
update run set last_batch_at = coalesce(ended_at, started_at) where batch_count > 0;
create index run_last_batch_at on run (last_batch_at);
comment on index run_last_batch_at is 'The latest batch.';

-- Down Migration

drop index run_last_batch_at;
alter table run drop column last_batch_at;
