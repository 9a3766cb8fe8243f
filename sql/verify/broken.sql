-- The rows that break a rule of a check, shaped like those of a comparison.
select
  {{key}},
  broken.column_name,
  broken.stored,
  broken.expected,
  {{day}} as finding_day,
  {{mark_day}} as mark_day,
  {{mark_user}} as mark_user
from (
{{broken}}
) as broken
