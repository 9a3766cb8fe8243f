-- How many of up to 1,000 taps name two users. The words in braces are what the views of migrate select.
select
  count(*)::integer as tap_count,
  (count(*) filter (where one.id is not null and other.id is not null))::integer as known_count
from (
  select mapped.id1, mapped.id2
  from ({{tap}}) as mapped
  limit 1000
) as tap
left join lateral (
  select mapped.id from ({{app_user}}) as mapped where mapped.id = tap.id1 limit 1
) as one on true
left join lateral (
  select mapped.id from ({{app_user}}) as mapped where mapped.id = tap.id2 limit 1
) as other on true
