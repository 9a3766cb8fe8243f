-- Up Migration

-- Nobody looks for all quests of a week but a repair, which names each. An index less to keep, of the largest table.
drop index user_quest_progress_week;

-- A board is ranked anew as a whole, and a tap of everybody's shifts the second degree of hundreds. Left until a fifth of
-- all weeks has changed, the dead rows of the running week would be most of what is read.
alter table weekly_leaderboard set (autovacuum_vacuum_scale_factor = 0.02);
alter table user_week_activity set (autovacuum_vacuum_scale_factor = 0.02);
alter table second_degree set (autovacuum_vacuum_scale_factor = 0.02);

-- Down Migration

alter table second_degree reset (autovacuum_vacuum_scale_factor);
alter table user_week_activity reset (autovacuum_vacuum_scale_factor);
alter table weekly_leaderboard reset (autovacuum_vacuum_scale_factor);
create index user_quest_progress_week on user_quest_progress (week_start);
comment on index user_quest_progress_week is 'All progress of a week.';
