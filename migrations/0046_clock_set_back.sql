-- Up Migration

-- Where a clock was set back over midnight, a pair's latest tap may be of the date before that of its first tap.
alter table pair drop constraint pair_check1;
alter table pair add constraint pair_check1 check (first_tap_at <= last_tap_at and first_day <= last_day + 1);

-- Down Migration

update pair set first_day = last_day, last_day = first_day where first_day > last_day;
alter table pair drop constraint pair_check1;
alter table pair add constraint pair_check1 check (first_day <= last_day and first_tap_at <= last_tap_at);
