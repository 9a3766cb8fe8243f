-- The tables that have triggers of capture, in words.
select string_agg(distinct tgrelid::regclass::text, ' and ') as relations
from pg_trigger
where tgfoid in (to_regproc('capture_taps'), to_regproc('capture_users'))
