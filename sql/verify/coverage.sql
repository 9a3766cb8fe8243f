-- How much a verification looks at.
select
  (select count(*) from verify_day where not verify_day.is_frozen)::integer as "dayCount",
  (select count(*) from verify_day where verify_day.is_frozen)::integer as "frozenDays",
  (
    select coalesce(sum(source_pair_day.tap_count), 0)
    from source_pair_day
    join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_frozen
    where source_pair_day.ignored_because is null
  )::float8 as "tapCount",
  (select count(*) from verify_user)::integer as "userCount",
  (select count(*) from verify_week)::integer as "weekCount",
  (select count(*) from verify_day where verify_day.is_stale)::integer as "staleDays"
