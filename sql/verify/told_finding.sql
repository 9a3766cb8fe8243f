-- The first findings of check $1, at most $2.
select
  finding.check_name as check,
  finding.table_name as table,
  finding.key,
  finding.column_name as column,
  finding.stored,
  finding.expected,
  finding.user_id as user,
  finding.other_id as other,
  finding.day
from finding
where finding.check_name = $1::text
order by finding.key, finding.column_name
limit $2::integer
