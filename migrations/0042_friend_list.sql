-- Up Migration

-- Who reads a page is told of friends of friends: some thousand connections, of which a row each costs more to look up than to
-- count. A list of them in one piece costs one look.
create table friend_list (
  user_key integer primary key,
  friends bytea not null check (length(friends) > 0 and length(friends) % 8 = 0)
);
-- Compressing numbers that are all different is time for nothing.
alter table friend_list alter column friends set storage external;
comment on table friend_list is 'A row per user: all of friend in one piece, for the read API. Read friend instead, or friend_entry of a list.';
comment on column friend_list.user_key is 'The user.';
comment on column friend_list.friends is 'In the order of their keys, 8 bytes per partner: friend_key, and first_day as days since 0001-01-01, each the four bytes of an integer, the highest first.';

create function friend_entry(friends bytea) returns table (friend_key integer, first_day date)
language sql immutable parallel safe
begin atomic
  select
    ('x' || encode(substring(friends from at.byte for 4), 'hex'))::bit(32)::integer,
    date '0001-01-01' + ('x' || encode(substring(friends from at.byte + 4 for 4), 'hex'))::bit(32)::integer
  from generate_series(1, length(friends) - 7, 8) as at (byte);
end;
comment on function friend_entry(bytea) is 'The entries of a friend_list.';

-- Steps fill it too, at the next run; until then the read API has to have it.
insert into friend_list (user_key, friends)
select
  friend.user_key,
  string_agg(
    int4send(friend.friend_key) || int4send(friend.first_day - date '0001-01-01'),
    ''::bytea order by friend.friend_key
  )
from friend
group by friend.user_key;

-- Down Migration

drop function friend_entry(bytea);
drop table friend_list;
