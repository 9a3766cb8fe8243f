-- How many of up to 1,000 taps name two users. The words in braces are the mapping, which was checked before.
select
  count(*)::integer as tap_count,
  (count(*) filter (where one.id is not null and other.id is not null))::integer as known_count
from (
  select {{id1}} as id1, {{id2}} as id2
  from {{taps}}
  limit 1000
) as tap
left join lateral (
  select {{user}} as id from {{users}} where {{user}} = tap.id1 limit 1
) as one on true
left join lateral (
  select {{user}} as id from {{users}} where {{user}} = tap.id2 limit 1
) as other on true
