-- Up Migration

create function iso_year(week_number integer) returns smallint
language sql immutable parallel safe
return extract(isoyear from week_start(week_number))::smallint;
comment on function iso_year(integer) is 'The ISO year of a week_number.';

create function iso_week(week_number integer) returns smallint
language sql immutable parallel safe
return extract(week from week_start(week_number))::smallint;
comment on function iso_week(integer) is 'The ISO week of a week_number, within its year.';

create function week_number(year smallint, iso_week smallint) returns integer
language sql immutable parallel safe
return week_number(make_date(year, 1, 4)) + iso_week - 1;
comment on function week_number(smallint, smallint) is 'The week_number of an ISO year and week.';

-- A user's weeks are found, one or from one on, by the primary key: the same columns once more took a gigabyte at ten
-- million taps, and an entry for every board row that moved.
drop index user_week_activity_user_week_start;
drop index weekly_leaderboard_user_week_start;

-- Down Migration

create index weekly_leaderboard_user_week_start on weekly_leaderboard (user_id, week_start);
comment on index weekly_leaderboard_user_week_start is 'The boards of a user from a day on.';
create index user_week_activity_user_week_start on user_week_activity (user_id, week_start);
comment on index user_week_activity_user_week_start is 'The weeks of a user from a day on.';
drop function week_number(smallint, smallint);
drop function iso_week(integer);
drop function iso_year(integer);
