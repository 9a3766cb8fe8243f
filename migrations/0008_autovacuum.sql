-- Up Migration

-- A night changes few of the pairs, but on many pages, and a page that changed is looked up again for each of its rows until
-- it is vacuumed: by the default only after a fifth of the table has changed, which takes months.
alter table pair set (autovacuum_vacuum_scale_factor = 0.005, autovacuum_vacuum_insert_scale_factor = 0.01);

-- Down Migration

alter table pair reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
