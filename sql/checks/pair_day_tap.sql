-- The times between the first and the last tap of a pair and day, against the source. Stale days are told apart.
--! table: pair_day_tap
--! says: taps between the first and last of a day, from the source
with expected as (
  select
    source_pair_day.u1,
    source_pair_day.u2,
    source_pair_day.day,
    array_agg(moment.tapped_at order by moment.tapped_at) as tapped_at
  from source_pair_day
  join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
  cross join lateral (
    select numbered.tapped_at
    from (
      select
        each.tapped_at,
        row_number() over (order by each.tapped_at) as place
      from unnest(source_pair_day.tapped_at) as each (tapped_at)
    ) as numbered
    where numbered.place between 2 and source_pair_day.tap_count - 1
  ) as moment
  where source_pair_day.ignored_because is null
    and source_pair_day.tap_count > 2
  group by source_pair_day.u1, source_pair_day.u2, source_pair_day.day
), stored as (
  select user1.user_id as u1, user2.user_id as u2, pair_day_tap.day, pair_day_tap.tapped_at
  from verify_day
  join pair_day_tap on pair_day_tap.day = verify_day.day
  join user_key as user1 on user1.user_key = pair_day_tap.u1_key
  join user_key as user2 on user2.user_key = pair_day_tap.u2_key
  where not verify_day.is_stale
)
select
  format('u1 %s, u2 %s, day %s', u1, u2, day) as key,
  u1 as user_id,
  u2 as other_id,
  day,
  case when expected.tapped_at is null or stored.tapped_at is null then 'row' else 'tapped_at' end as column_name,
  case
    when stored.tapped_at is null then 'missing'
    when expected.tapped_at is null then 'there'
    else stored.tapped_at::text
  end as stored,
  case
    when expected.tapped_at is null then 'no row'
    when stored.tapped_at is null then 'there'
    else expected.tapped_at::text
  end as expected,
  day as mark_day,
  null::uuid as mark_user
from expected
full join stored using (u1, u2, day)
where expected.tapped_at is distinct from stored.tapped_at
