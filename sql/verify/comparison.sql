-- Compares what a check expects with what is stored and keeps the figures of which {{which}}. src/verify/comparison.ts
-- fills in the double braces from the check's file.
select
  {{key}},
  figure.column_name,
  figure.stored,
  figure.expected,
  figure.differs,
  {{day}} as finding_day,
  {{mark_day}} as mark_day,
  {{mark_user}} as mark_user
from (
{{expected}}
) as expected
full join (
{{stored}}
) as stored using ({{key}})
cross join lateral (
  values
    (
      'row',
      case when {{is_stored}} then 'there' else 'missing' end,
      case when {{is_expected}} then 'there' else 'no row' end,
      {{is_stored}} <> {{is_expected}}
    ){{figures}}
) as figure (column_name, stored, expected, differs)
where {{is_told}}
