-- One row per user and active day. All users of a day in question are counted: its pairs are read anyway. A pair's first
-- day that moves changes two days of both its users.
--! reads: user_day_scope, changed_pair_day, changed_pair, batch_day, batch_user, user_key, pair_day, pair, user_day_activity
--! writes: user_day_activity, changed_user_day
--! fills: user_day_activity
--! grain: user_id, day
with touched as (
  -- Days of a pair on which something is not as it was, even if it is only a time.
  select u1_key, u2_key, day from changed_pair_day
  union all
  select u1_key, u2_key, old_first_day from changed_pair
  where old_first_day is distinct from new_first_day and old_first_day is not null
  union all
  select u1_key, u2_key, new_first_day from changed_pair
  where old_first_day is distinct from new_first_day and new_first_day is not null
), tapped as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    (pair.first_day = pair_day.day)::integer as is_new
  from user_day_scope
  join pair_day on pair_day.day = user_day_scope.day
  join pair on pair.u1_key = pair_day.u1_key and pair.u2_key = pair_day.u2_key
), tapper as (
  select u1_key as user_key, day, tap_count, is_new from tapped
  union all
  select u2_key, day, tap_count, is_new from tapped
  union all
  -- A repair counts every day of its users.
  select pair.u1_key, pair_day.day, pair_day.tap_count, (pair.first_day = pair_day.day)::integer
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u1_key = user_key.user_key
  join pair_day on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key
  left join user_day_scope on user_day_scope.day = pair_day.day
  where user_day_scope.day is null
  union all
  select pair.u2_key, pair_day.day, pair_day.tap_count, (pair.first_day = pair_day.day)::integer
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u2_key = user_key.user_key
  join pair_day on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key
  left join user_day_scope on user_day_scope.day = pair_day.day
  where user_day_scope.day is null
), fresh as (
  select user_key.user_id, counted.day, counted.tap_count, counted.first_degree_new_count
  from (
    select
      tapper.user_key,
      tapper.day,
      sum(tapper.tap_count)::integer as tap_count,
      sum(tapper.is_new)::integer as first_degree_new_count
    from tapper
    group by tapper.user_key, tapper.day
  ) as counted
  join user_key on user_key.user_key = counted.user_key
), stored as (
  select
    user_day_activity.user_id,
    user_day_activity.day,
    user_day_activity.tap_count,
    user_day_activity.first_degree_new_count
  from user_day_scope
  join user_day_activity on user_day_activity.day = user_day_scope.day
  union all
  select
    user_day_activity.user_id,
    user_day_activity.day,
    user_day_activity.tap_count,
    user_day_activity.first_degree_new_count
  from batch_user
  join user_day_activity on user_day_activity.user_id = batch_user.user_id
  left join user_day_scope on user_day_scope.day = user_day_activity.day
  where user_day_scope.day is null
), compared as (
  select
    user_id,
    day,
    fresh.tap_count,
    fresh.first_degree_new_count,
    stored.tap_count is not null as is_stored,
    (fresh.tap_count, fresh.first_degree_new_count)
      is distinct from (stored.tap_count, stored.first_degree_new_count) as differs
  from fresh
  full join stored using (user_id, day)
), deleted as (
  delete from user_day_activity as target
  using compared
  where compared.tap_count is null
    and (target.user_id, target.day) = (compared.user_id, compared.day)
  returning 1
), updated as (
  update user_day_activity as target
  set tap_count = compared.tap_count, first_degree_new_count = compared.first_degree_new_count
  from compared
  where compared.differs
    and compared.tap_count is not null
    and compared.is_stored
    and (target.user_id, target.day) = (compared.user_id, compared.day)
  returning 1
), inserted as (
  insert into user_day_activity (user_id, day, tap_count, first_degree_new_count)
  select compared.user_id, compared.day, compared.tap_count, compared.first_degree_new_count
  from compared
  where not compared.is_stored
  order by compared.day, compared.user_id
  returning 1
), judged as (
  select
    compared.user_id,
    compared.day,
    compared.is_stored,
    compared.tap_count is not null as is_active,
    compared.differs or coalesce(batch_day.forced, false) or batch_user.user_id is not null as is_changed
  from compared
  left join batch_day on batch_day.day = compared.day
  left join batch_user on batch_user.user_id = compared.user_id
), noted as (
  insert into changed_user_day (user_id, day, was_active, is_active)
  select judged.user_id, judged.day, judged.is_stored, judged.is_active
  from judged
  where judged.is_changed
  union all
  select distinct judged.user_id, judged.day, true, true
  from judged
  join user_key on user_key.user_id = judged.user_id
  join (
    select u1_key as user_key, day from touched
    union all
    select u2_key, day from touched
  ) as toucher on toucher.user_key = user_key.user_key and toucher.day = judged.day
  where not judged.is_changed
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
