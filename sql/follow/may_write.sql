-- Whether the role may write the rollups.
select
  has_table_privilege('processed_day', 'insert')
  and has_table_privilege('processed_day', 'update')
  and has_table_privilege('processed_day', 'delete')
  and has_table_privilege('run', 'insert') as may_write
