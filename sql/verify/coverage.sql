-- How much a verification looks at.
select
  (select count(*) from verify_day)::integer as "dayCount",
  (
    select coalesce(sum(source_pair_day.tap_count), 0)
    from source_pair_day
    where source_pair_day.ignored_because is null
  )::float8 as "tapCount",
  (select count(*) from verify_user)::integer as "userCount",
  (select count(*) from verify_week)::integer as "weekCount",
  (select count(*) from verify_day where verify_day.is_stale)::integer as "staleDays"
