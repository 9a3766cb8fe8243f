-- stage, $1 is_later, $2 zone
create temp table stage as
select
  u1_key,
  u2_key,
  wanted.first_tap_at,
  wanted.first_day,
  wanted.last_tap_at,
  wanted.last_day,
  wanted.tap_count,
  stored.first_tap_at as old_first_tap_at,
  stored.first_day as old_first_day,
  stored.last_tap_at as old_last_tap_at,
  stored.last_day as old_last_day,
  stored.tap_count as old_tap_count,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    u1_key,
    u2_key,
    first_tap_at,
    first_day,
    last_tap_at,
    last_day,
    tap_count,
    true as is_wanted
  from (
    select
      known.u1_key,
      known.u2_key,
      min(known.first_tap_at) as first_tap_at,
      (min(known.first_tap_at) at time zone $2::text)::date as first_day,
      max(known.last_tap_at) as last_tap_at,
      (max(known.last_tap_at) at time zone $2::text)::date as last_day,
      sum(known.tap_count)::integer as tap_count
    from (
      select pair_day.u1_key, pair_day.u2_key, pair_day.first_tap_at, pair_day.last_tap_at, pair_day.tap_count
      from (select distinct u1_key, u2_key from changed_pair_day) as changed
      join pair_day on pair_day.u1_key = changed.u1_key and pair_day.u2_key = changed.u2_key
      where not $1::boolean
      union all
      select u1_key, u2_key, first_tap_at, last_tap_at, tap_count
      from changed_pair_day
      where $1::boolean
      union all
      select pair.u1_key, pair.u2_key, pair.first_tap_at, pair.last_tap_at, pair.tap_count
      from (select distinct u1_key, u2_key from changed_pair_day) as changed
      join pair on pair.u1_key = changed.u1_key and pair.u2_key = changed.u2_key
      where $1::boolean
    ) as known
    group by known.u1_key, known.u2_key
  ) as selected
) as wanted
full join (
  select
    stored.u1_key,
    stored.u2_key,
    stored.first_tap_at,
    stored.first_day,
    stored.last_tap_at,
    stored.last_day,
    stored.tap_count,
    true as is_stored
  from (select distinct u1_key, u2_key from changed_pair_day) as changed
  join pair as stored on stored.u1_key = changed.u1_key and stored.u2_key = changed.u2_key
) as stored using (u1_key, u2_key)
where (wanted.is_wanted, wanted.first_tap_at, wanted.first_day, wanted.last_tap_at, wanted.last_day, wanted.tap_count)
  is distinct from (stored.is_stored, stored.first_tap_at, stored.first_day, stored.last_tap_at, stored.last_day, stored.tap_count);

-- delete
delete from pair as target
using stage
where not stage.is_wanted
  and (target.u1_key, target.u2_key) = (stage.u1_key, stage.u2_key);

-- upsert
insert into pair as target (u1_key, u2_key, first_tap_at, first_day, last_tap_at, last_day, tap_count)
select stage.u1_key, stage.u2_key, stage.first_tap_at, stage.first_day, stage.last_tap_at, stage.last_day, stage.tap_count
from stage
where stage.is_wanted
order by stage.u1_key, stage.u2_key
on conflict (u1_key, u2_key) do update set
  first_tap_at = excluded.first_tap_at,
  first_day = excluded.first_day,
  last_tap_at = excluded.last_tap_at,
  last_day = excluded.last_day,
  tap_count = excluded.tap_count;

-- note
insert into changed_pair (u1_key, u2_key, old_first_day, new_first_day)
select stage.u1_key, stage.u2_key, stage.old_first_day, stage.first_day
from stage
where (stage.old_first_day, stage.old_first_tap_at) is distinct from (stage.first_day, stage.first_tap_at);
