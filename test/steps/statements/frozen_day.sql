-- stage
create temp table stage as
select
  day,
  wanted.pair_day_digest,
  wanted.pair_day_tap_digest,
  wanted.frozen_cell_digest,
  stored.pair_day_digest as old_pair_day_digest,
  stored.pair_day_tap_digest as old_pair_day_tap_digest,
  stored.frozen_cell_digest as old_frozen_cell_digest,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    day,
    pair_day_digest,
    pair_day_tap_digest,
    frozen_cell_digest,
    true as is_wanted
  from (
    select
      frozen_day.day,
      frozen_day.pair_day_digest + frozen_digest.pair_day_digest - found.pair_day_digest as pair_day_digest,
      frozen_day.pair_day_tap_digest + frozen_digest.pair_day_tap_digest - found.pair_day_tap_digest as pair_day_tap_digest,
      frozen_day.frozen_cell_digest + frozen_digest.frozen_cell_digest - found.frozen_cell_digest as frozen_cell_digest
    from frozen_digest_before as found
    join frozen_day on frozen_day.day = found.day
    join frozen_digest on frozen_digest.day = found.day
  ) as selected
) as wanted
full join (
  select
    stored.day,
    stored.pair_day_digest,
    stored.pair_day_tap_digest,
    stored.frozen_cell_digest,
    true as is_stored
  from frozen_digest_before as found
  join frozen_day as stored on stored.day = found.day
) as stored using (day)
where (wanted.is_wanted, wanted.pair_day_digest, wanted.pair_day_tap_digest, wanted.frozen_cell_digest)
  is distinct from (stored.is_stored, stored.pair_day_digest, stored.pair_day_tap_digest, stored.frozen_cell_digest);

-- delete
delete from frozen_day as target
using stage
where not stage.is_wanted
  and target.day = stage.day;

-- upsert
insert into frozen_day as target (day, pair_day_digest, pair_day_tap_digest, frozen_cell_digest)
select stage.day, stage.pair_day_digest, stage.pair_day_tap_digest, stage.frozen_cell_digest
from stage
where stage.is_wanted
order by stage.day
on conflict (day) do update set
  pair_day_digest = excluded.pair_day_digest,
  pair_day_tap_digest = excluded.pair_day_tap_digest,
  frozen_cell_digest = excluded.frozen_cell_digest;
