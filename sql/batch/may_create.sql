-- Whether the role may create tables in the schema $1, and none of the names $2, separated by commas, is taken there.
select
  has_schema_privilege($1::text, 'create')
  and not exists (
    select 1
    from pg_class
    where relnamespace = $1::text::regnamespace
      and relname = any (string_to_array($2::text, ','))
  ) as may_create
