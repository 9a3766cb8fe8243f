-- Since when the server counts how often indexes are read; null: since the database was made.
select to_char(pg_stat_database.stats_reset, 'YYYY-MM-DD HH24:MI"Z"') as since
from pg_stat_database
where pg_stat_database.datname = current_database()
