-- Up Migration
comment on table derived_step is 'With which SQL each step''s table was derived: a step whose digest is another one derives its table again, and so do those that come from a table in which a row was wrong.';
comment on column derived_step.digest is 'SHA-256 of the step''s SQL, of that of the steps that prepare it, and of how others tell it of a change, without comments and layout.';
-- Down Migration
comment on table derived_step is 'With which SQL each step''s table was derived: a step whose digest is another one derives its table again, and nothing else does but what follows from the rows that change thereby.';
comment on column derived_step.digest is 'SHA-256 of the step''s SQL and of that of the steps that prepare it, without comments and layout.';
