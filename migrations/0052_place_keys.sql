-- Up Migration

-- A strict function of SQL is only made part of the statement that calls it where its body is sure to be null for a null.
-- With a CASE in it Postgres cannot know, and called it for each row: half of what filling the gazetteer took. Both are
-- null for a null all the same.
alter function place_key(text) called on null input;
alter function place_key_core(text) called on null input;

-- Down Migration

alter function place_key_core(text) strict;
alter function place_key(text) strict;
