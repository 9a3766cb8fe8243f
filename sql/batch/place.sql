-- Where scratch tables of the names $2, separated by commas, can be made: whether the role may create tables in the
-- schema $1, and whether one of the names is taken there.
select
  has_schema_privilege($1::text, 'create') as may_create,
  exists (
    select 1
    from pg_class
    where relnamespace = $1::text::regnamespace
      and relname = any (string_to_array($2::text, ','))
  ) as is_taken
