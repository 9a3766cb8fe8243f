-- What stands in for the view friend where a slice says of whom it is needed: the connections of these users, to which
-- those of others are added as later steps need them.
create temp table friend (like "{{schema}}".friend) on commit drop;

-- The users whose connections are there.
create temp table friend_user (user_key integer primary key) on commit drop;

-- Whose connections a step needs.
create temp table friend_wanted (user_key integer) on commit drop;
