-- The days and the users that a repair has to derive again, and why.
select
  'day' as kind,
  finding.mark_day::text as key,
  format(
    'verify: %s of %s', string_agg(distinct finding.column_name, ', '), string_agg(distinct finding.table_name, ', ')
  ) as reason
from finding
where finding.mark_day is not null
group by finding.mark_day
union all
select
  'user',
  finding.mark_user::text,
  format(
    'verify: %s of %s', string_agg(distinct finding.column_name, ', '), string_agg(distinct finding.table_name, ', ')
  )
from finding
where finding.mark_user is not null
group by finding.mark_user
order by kind, key
