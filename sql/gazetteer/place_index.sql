-- The indexes of gazetteer_place but its key's, each with the statements to drop it and to make it again.
select
  format('drop index %s', indexrelid::regclass) as drop_statement,
  pg_get_indexdef(indexrelid) as make_statement,
  format('comment on index %s is %L', indexrelid::regclass, obj_description(indexrelid)) as comment_statement
from pg_index
where indrelid = 'gazetteer_place'::regclass
  and not indisprimary
