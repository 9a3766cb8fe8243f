-- While an empty table is filled with many rows it goes without its indexes and keys: keeping a key up to date row by
-- row costs three times as much as making it of all rows at once. Nobody can read such a table until the transaction
-- ends, and nobody would see a row before.

--: strip
-- Those that the role may drop, each with the statements to drop it and to make it again: the indexes if no other table
-- refers to it, and the foreign keys, because checking one for each row costs more than all indexes. The index of a key
-- is made first and then attached to the key, so that its definition stays exactly the same. Left alone: a table of
-- another owner's (who may not alter it), one that somebody reads just now, and one of whose indexes something depends.
do $$
declare
  table_id constant oid := {{table}};
  taken record;
begin
  create {{persistence}} table stripped as
  select
    case
      when key.oid is null then format('drop index %I', index_class.relname)
      else format('alter table %I drop constraint %I', table_class.relname, key.conname)
    end as drop_statement,
    concat_ws(
      '; ',
      pg_get_indexdef(pg_index.indexrelid),
      case
        when key.oid is not null
          then format(
            'alter table %I add constraint %I %s using index %I',
            table_class.relname,
            key.conname,
            case key.contype when 'p' then 'primary key' else 'unique' end,
            index_class.relname
          )
      end,
      format('comment on index %I is %L', index_class.relname, obj_description(pg_index.indexrelid, 'pg_class')),
      case
        when key.oid is not null
          then format(
            'comment on constraint %I on %I is %L', key.conname, table_class.relname, obj_description(key.oid, 'pg_constraint')
          )
      end
    ) as create_statement
  from pg_class as table_class
  join pg_index on pg_index.indrelid = table_class.oid
  join pg_class as index_class on index_class.oid = pg_index.indexrelid
  left join pg_constraint as key on key.conindid = pg_index.indexrelid and key.conrelid = table_class.oid
  where table_class.oid = table_id
    and pg_has_role(table_class.relowner, 'usage')
    and not exists (select 1 from pg_constraint as reference where reference.confrelid = table_class.oid)
  union all
  select
    format('alter table %I drop constraint %I', table_class.relname, reference.conname),
    concat_ws(
      '; ',
      format(
        'alter table %I add constraint %I %s',
        table_class.relname,
        reference.conname,
        pg_get_constraintdef(reference.oid)
      ),
      format(
        'comment on constraint %I on %I is %L',
        reference.conname,
        table_class.relname,
        obj_description(reference.oid, 'pg_constraint')
      )
    )
  from pg_class as table_class
  join pg_constraint as reference on reference.conrelid = table_class.oid and reference.contype = 'f'
  join pg_class as target_class on target_class.oid = reference.confrelid
  where table_class.oid = table_id
    and pg_has_role(table_class.relowner, 'usage')
    and pg_has_role(target_class.relowner, 'usage');
  if not exists (select 1 from stripped) then
    return;
  end if;
  execute format('lock table %s in access exclusive mode nowait', table_id::regclass);
  for taken in select stripped.drop_statement from stripped loop
    execute taken.drop_statement;
  end loop;
exception when lock_not_available or dependent_objects_still_exist then
  create {{persistence}} table stripped (create_statement text);
end
$$

--: restore
do $$
declare
  taken record;
begin
  for taken in select stripped.create_statement from stripped loop
    execute taken.create_statement;
  end loop;
  drop table stripped;
end
$$
