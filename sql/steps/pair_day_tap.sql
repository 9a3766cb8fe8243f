-- The times of the taps that pair_day does not have: those between the first and the last of a pair and day. A repair
-- also looks at rows that no pair and day of pair_day belongs to.
--! reads: classified_tap, batch_range, pair_day_tap_scope, batch_day, batch_user, pair_day, pair_day_tap
--! writes: pair_day_tap, changed_pair_tap
--! fills: pair_day_tap
--! grain: u1_key, u2_key, day
--! params: zone
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
    and exists (select from pair_day_tap_scope)
  group by pair_day_tap_scope.u1_key, pair_day_tap_scope.u2_key, pair_day_tap_scope.day
), fresh as (
  select
    timed.u1_key,
    timed.u2_key,
    timed.day,
    timed.tapped_at[2:cardinality(timed.tapped_at) - 1] as tapped_at
  from timed
), stored as (
  select pair_day_tap.u1_key, pair_day_tap.u2_key, pair_day_tap.day, pair_day_tap.tapped_at
  from pair_day_tap
  join batch_day on batch_day.day = pair_day_tap.day
  union all
  select pair_day_tap.u1_key, pair_day_tap.u2_key, pair_day_tap.day, pair_day_tap.tapped_at
  from pair_day_tap
  left join batch_day on batch_day.day = pair_day_tap.day
  left join pair_day
    on pair_day.u1_key = pair_day_tap.u1_key
    and pair_day.u2_key = pair_day_tap.u2_key
    and pair_day.day = pair_day_tap.day
  where exists (select from batch_user)
    and batch_day.day is null
    and pair_day.day is null
), compared as (
  select
    u1_key,
    u2_key,
    day,
    fresh.tapped_at,
    stored.tapped_at is not null as is_stored
  from fresh
  full join stored using (u1_key, u2_key, day)
  where fresh.tapped_at is distinct from stored.tapped_at
), deleted as (
  delete from pair_day_tap as target
  using compared
  where compared.tapped_at is null
    and (target.u1_key, target.u2_key, target.day) = (compared.u1_key, compared.u2_key, compared.day)
  returning 1
), updated as (
  update pair_day_tap as target
  set tapped_at = compared.tapped_at
  from compared
  where compared.tapped_at is not null
    and compared.is_stored
    and (target.u1_key, target.u2_key, target.day) = (compared.u1_key, compared.u2_key, compared.day)
  returning 1
), inserted as (
  insert into pair_day_tap (u1_key, u2_key, day, tapped_at)
  select compared.u1_key, compared.u2_key, compared.day, compared.tapped_at
  from compared
  where not compared.is_stored
  returning 1
), noted as (
  insert into changed_pair_tap (u1_key, u2_key, day)
  select compared.u1_key, compared.u2_key, compared.day from compared
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
