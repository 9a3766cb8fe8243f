-- Up Migration

-- One digest that the taps alone decide, so that comparing history looks nobody up, and one of who was a stranger.
alter table processed_day add column stranger_digest numeric not null default 0;
comment on column processed_day.tap_digest is 'The sum of a 64-bit hash of every tap between two ids (both ids, time, coordinates), users or not, and 1 for each that taps itself: equal sums, equal taps, in any order.';
comment on column processed_day.stranger_digest is 'The sum of the same hashes of the taps of unknown users, times 1, 2 or 3 for u1, u2 or both being unknown: equal sums, the same strangers.';

alter table unknown_user_day add column is_known boolean not null default false;
comment on column unknown_user_day.is_known is 'Whether the user was in users when the day was derived: the other one of the tap was not.';

-- Down Migration

alter table unknown_user_day drop column is_known;
alter table processed_day drop column stranger_digest;
