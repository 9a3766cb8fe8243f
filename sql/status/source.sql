-- The health of the source: rows that the processed days ignored, by reason; whether an index begins with the time of
-- taps (null where the mapping hides it); taps later than a day from now, at most 1,000 of them, and only where an
-- index finds them.
select
  (select coalesce(sum(processed_day.null_id_count), 0)::float8 from processed_day) as null_id_count,
  (select coalesce(sum(processed_day.self_tap_count), 0)::float8 from processed_day) as self_tap_count,
  (select coalesce(sum(processed_day.unknown_user_count), 0)::float8 from processed_day) as unknown_user_count,
  time_index.is_there as is_time_indexed,
  case
    when time_index.is_there
      then (
        select count(*)::float8
        from (
          select 1
          from tap
          where tap.tap_time > now() + interval '1 day' and tap.tap_time < 'infinity'
          limit 1000
        ) as future_tap
      )
  end as future_count
from (
  select
    bool_or(
      exists (
        select 1
        from pg_index
        where pg_index.indrelid = pg_attribute.attrelid
          and pg_index.indkey[0] = pg_attribute.attnum
          and pg_index.indisvalid
      )
    ) as is_there
  from pg_rewrite
  join pg_depend
    on pg_depend.classid = 'pg_rewrite'::regclass
    and pg_depend.objid = pg_rewrite.oid
    and pg_depend.refclassid = 'pg_class'::regclass
  join pg_class on pg_class.oid = pg_depend.refobjid and pg_class.relkind in ('r', 'p')
  join pg_attribute on pg_attribute.attrelid = pg_depend.refobjid and pg_attribute.attnum = pg_depend.refobjsubid
  where pg_rewrite.ev_class = 'tap'::regclass
    and pg_attribute.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype)
) as time_index
