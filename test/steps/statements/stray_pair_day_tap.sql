-- stage
create temp table stage as
select
  u1_key,
  u2_key,
  day,
  false as is_wanted,
  true as is_stored
from (
  select
    stored.u1_key,
    stored.u2_key,
    stored.day,
    true as is_stored
  from pair_day_tap as stored
  left join batch_day on batch_day.day = stored.day
  left join pair_day
    on pair_day.u1_key = stored.u1_key
    and pair_day.u2_key = stored.u2_key
    and pair_day.day = stored.day
  where batch_day.day is null
    and pair_day.day is null
) as stored;

-- delete
delete from pair_day_tap as target
using stage
where not stage.is_wanted
  and (target.u1_key, target.u2_key, target.day) = (stage.u1_key, stage.u2_key, stage.day);

-- note
insert into changed_pair_tap (u1_key, u2_key, day)
select stage.u1_key, stage.u2_key, stage.day from stage;
