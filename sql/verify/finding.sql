-- Keeps what a check found, with what a repair has to derive again, and counts it.
-- $1 check, $2 table, $3 the one user asked for or null, $4 the one day asked for or null.
with found as (
{{found}}
), kept as (
  insert into finding (
    check_name, table_name, key, user_id, other_id, day, column_name, stored, expected, mark_day, mark_user
  )
  select
    $1::text,
    $2::text,
    {{words}},
    {{user}},
    {{other}},
    found.finding_day,
    found.column_name,
    found.stored,
    found.expected,
    verify_calendar.day,
    found.mark_user
  from found
  -- Only a processed day can be derived again.
  left join verify_calendar on verify_calendar.day = found.mark_day
  where ($3::uuid is null or $3::uuid in ({{user}}, {{other}}))
    and (
      $4::date is null
      or found.finding_day is null
      or found.finding_day in ($4::date, date_trunc('week', $4::timestamp)::date)
    )
  returning 1
)
select count(*)::float8 as count from kept
