-- One row per user and active day. A pair's first day that moves changes two days of both its users.
--! reads: changed_pair_day, changed_pair, batch_day, batch_user, user_key, pair_day, pair, user_day_activity
--! writes: user_day_activity, changed_user_day
--! grain: user_id, day
with pair_on_day as (
  select u1_key, u2_key, day from changed_pair_day
  union
  select u1_key, u2_key, old_first_day from changed_pair
  where old_first_day is distinct from new_first_day and old_first_day is not null
  union
  select u1_key, u2_key, new_first_day from changed_pair
  where old_first_day is distinct from new_first_day and new_first_day is not null
), scope as (
  select user_key.user_id, pair_on_day.day
  from pair_on_day
  join user_key on user_key.user_key = pair_on_day.u1_key
  union
  select user_key.user_id, pair_on_day.day
  from pair_on_day
  join user_key on user_key.user_key = pair_on_day.u2_key
  union
  select user_day_activity.user_id, user_day_activity.day
  from user_day_activity
  join batch_day on batch_day.day = user_day_activity.day and batch_day.forced
  union
  select user_day_activity.user_id, user_day_activity.day
  from user_day_activity
  join batch_user on batch_user.user_id = user_day_activity.user_id
  union
  select batch_user.user_id, pair_day.day
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u1_key = user_key.user_key
  join pair_day on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key
  union
  select batch_user.user_id, pair_day.day
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u2_key = user_key.user_key
  join pair_day on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key
), scope_day as (
  select distinct day from scope
), tapped as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    (pair.first_day = pair_day.day)::integer as is_new
  from scope_day
  join pair_day on pair_day.day = scope_day.day
  join pair on pair.u1_key = pair_day.u1_key and pair.u2_key = pair_day.u2_key
), tapper as (
  select u1_key as user_key, day, tap_count, is_new from tapped
  union all
  select u2_key, day, tap_count, is_new from tapped
), fresh as (
  select
    user_key.user_id,
    tapper.day,
    sum(tapper.tap_count)::integer as tap_count,
    sum(tapper.is_new)::integer as first_degree_new_count
  from tapper
  join user_key on user_key.user_key = tapper.user_key
  join scope on scope.user_id = user_key.user_id and scope.day = tapper.day
  group by user_key.user_id, tapper.day
), stored as (
  select
    user_day_activity.user_id,
    user_day_activity.day,
    user_day_activity.tap_count,
    user_day_activity.first_degree_new_count
  from scope
  join user_day_activity on user_day_activity.user_id = scope.user_id and user_day_activity.day = scope.day
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
  returning 1
), noted as (
  insert into changed_user_day (user_id, day, was_active, is_active)
  select compared.user_id, compared.day, compared.is_stored, compared.tap_count is not null
  from compared
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
