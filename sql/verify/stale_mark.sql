-- Stores the marks $1 of a verification (mark.sql) for the next run.
insert into stale_mark (day, user_id, reason)
select
  case when marked.kind = 'day' then marked.key::date end,
  case when marked.kind = 'user' then marked.key::uuid end,
  marked.reason
from jsonb_to_recordset($1::text::jsonb) as marked (kind text, key text, reason text)
