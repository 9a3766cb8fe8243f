-- stage, $1 zone
create temp table stage as
select
  u1_key,
  u2_key,
  day,
  wanted.tapped_at,
  stored.tapped_at as old_tapped_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    u1_key,
    u2_key,
    day,
    tapped_at,
    true as is_wanted
  from (
    with timed as (
      select
        pair_day_tap_scope.u1_key,
        pair_day_tap_scope.u2_key,
        pair_day_tap_scope.day,
        array_agg(classified_tap.tapped_at order by classified_tap.tapped_at) as tapped_at
      from classified_tap
      join batch_range
        on classified_tap.tap_time >= batch_range.starts_at
        and classified_tap.tap_time < batch_range.ends_at
      join pair_day_tap_scope
        on pair_day_tap_scope.u1 = classified_tap.u1
        and pair_day_tap_scope.u2 = classified_tap.u2
        and pair_day_tap_scope.day = (classified_tap.tapped_at at time zone $1::text)::date
      where classified_tap.ignored_because is null
        and exists (select 1 from pair_day_tap_scope)
        and exists (select 1 from batch_range)
      group by pair_day_tap_scope.u1_key, pair_day_tap_scope.u2_key, pair_day_tap_scope.day
    )
    select
      timed.u1_key,
      timed.u2_key,
      timed.day,
      timed.tapped_at[2:cardinality(timed.tapped_at) - 1] as tapped_at
    from timed
    join batch_day on batch_day.day = timed.day and not batch_day.is_frozen
    union all
    select pair_day_tap.u1_key, pair_day_tap.u2_key, pair_day_tap.day, pair_day_tap.tapped_at
    from batch_day
    join pair_day_tap on pair_day_tap.day = batch_day.day
    join pair_day_tap_scope
      on pair_day_tap_scope.u1_key = pair_day_tap.u1_key
      and pair_day_tap_scope.u2_key = pair_day_tap.u2_key
      and pair_day_tap_scope.day = pair_day_tap.day
    where batch_day.is_frozen
  ) as selected
) as wanted
full join (
  select
    stored.u1_key,
    stored.u2_key,
    stored.day,
    stored.tapped_at,
    true as is_stored
  from pair_day_tap as stored
  join batch_day on batch_day.day = stored.day
) as stored using (u1_key, u2_key, day)
where (wanted.is_wanted, wanted.tapped_at)
  is distinct from (stored.is_stored, stored.tapped_at);

-- delete
delete from pair_day_tap as target
using stage
where not stage.is_wanted
  and (target.u1_key, target.u2_key, target.day) = (stage.u1_key, stage.u2_key, stage.day);

-- upsert
insert into pair_day_tap as target (u1_key, u2_key, day, tapped_at)
select stage.u1_key, stage.u2_key, stage.day, stage.tapped_at
from stage
where stage.is_wanted
order by stage.day, stage.u1_key, stage.u2_key
on conflict (u1_key, u2_key, day) do update set
  tapped_at = excluded.tapped_at;

-- note
insert into changed_pair_tap (u1_key, u2_key, day)
select stage.u1_key, stage.u2_key, stage.day from stage;
