-- Up Migration

-- The second degree walks the connections of the friends of whoever met somebody: of nearly everybody, each night.
-- Taken out of friends when a list is written, and not whenever one is walked.
create function friend_list_key(friends bytea) returns integer[]
language sql immutable parallel safe
begin atomic
  select array(
    select
      (get_byte(friends, at.byte) << 24)
      | (get_byte(friends, at.byte + 1) << 16)
      | (get_byte(friends, at.byte + 2) << 8)
      | get_byte(friends, at.byte + 3)
    from generate_series(0, length(friends) - 8, 8) as at (byte)
  );
end;
comment on function friend_list_key(bytea) is 'The friend_key of each entry of a friend_list, in its order.';

create function friend_list_week(friends bytea) returns integer[]
language sql immutable parallel safe
begin atomic
  select array(
    select
      (
        (get_byte(friends, at.byte) << 24)
        | (get_byte(friends, at.byte + 1) << 16)
        | (get_byte(friends, at.byte + 2) << 8)
        | get_byte(friends, at.byte + 3)
      ) / 7
    from generate_series(4, length(friends) - 4, 8) as at (byte)
  );
end;
comment on function friend_list_week(bytea) is 'The week_number of the first_day of each entry of a friend_list, in its order.';

alter table friend_list
  add column friend_keys integer[] not null generated always as (friend_list_key(friends)) stored,
  add column weeks integer[] not null generated always as (friend_list_week(friends)) stored;
-- Rows of a thousand connections stay in one piece, and none is compressed.
alter table friend_list alter column friend_keys set storage external, alter column weeks set storage external;
alter table friend_list set (toast_tuple_target = 8160);
comment on column friend_list.friend_keys is 'The partners alone, for the steps that walk them.';
comment on column friend_list.weeks is 'The week_number of each first_day, in the same order.';

create index user_streaks_broken on user_streaks (last_active_day) where current_streak_days = 0;
comment on index user_streaks_broken is 'Broken streaks, to find those that live again.';

-- Down Migration

drop index user_streaks_broken;
alter table friend_list reset (toast_tuple_target);
alter table friend_list drop column weeks, drop column friend_keys;
drop function friend_list_week(bytea);
drop function friend_list_key(bytea);
