-- The users whose rows are recomputed: all that the source or any table names, those of the one day or the one user
-- asked for, or a random sample. It is drawn by key, so that no table is read for it: keys are given from 1 on.
-- Distinct in each table, of which the planner knows how many users there are: all rows together would be sorted.
-- $1 all users, $2 size of the sample, $3 seed, $4 the one day asked for or null, $5 the one user asked for or null.
with named as (
  select $5::uuid as user_id
  where $5::uuid is not null
  union
  select user_day_activity.user_id
  from user_day_activity
  where $5::uuid is null and $4::date is not null and user_day_activity.day = $4::date
  union
  select distinct tapper.user_id
  from source_pair_day
  cross join lateral (values (source_pair_day.u1), (source_pair_day.u2)) as tapper (user_id)
  where $5::uuid is null and ($1::boolean or $4::date is not null) and source_pair_day.ignored_because is null
  union
  select user_key.user_id
  from user_key
  where $5::uuid is null and $4::date is null and $1::boolean
  union
  select distinct user_day_activity.user_id
  from user_day_activity
  where $5::uuid is null and $4::date is null and $1::boolean
  union
  select distinct user_week_activity.user_id
  from user_week_activity
  where $5::uuid is null and $4::date is null and $1::boolean
  union
  select distinct user_streaks.user_id
  from user_streaks
  where $5::uuid is null and $4::date is null and $1::boolean
  union
  select distinct user_quest_progress.user_id
  from user_quest_progress
  where $5::uuid is null and $4::date is null and $1::boolean
  union
  select distinct weekly_leaderboard.user_id
  from weekly_leaderboard
  where $5::uuid is null and $4::date is null and $1::boolean
  union
  select distinct edge_end.user_id
  from edge_strength
  cross join lateral (values (edge_strength.u1), (edge_strength.u2)) as edge_end (user_id)
  where $5::uuid is null and $4::date is null and $1::boolean
), last_key as (
  select max(user_key.user_key) as user_key from user_key
), drawn as (
  -- If there are few keys, all of them.
  select
    case
      when last_key.user_key <= 4 * $2::integer then try.number
      else 1 + (hashint8extended(try.number, hashtextextended($3::text, 0)) & 2147483647) % last_key.user_key
    end as user_key
  from last_key
  cross join generate_series(1, 4 * $2::integer) as try (number)
  where not $1::boolean and $4::date is null and $5::uuid is null
), shuffled as (
  select
    named.user_id,
    row_number() over (order by hashtextextended(named.user_id::text || $3::text, 0), named.user_id) as place
  from (
    select named.user_id from named
    union
    select user_key.user_id
    from drawn
    join user_key on user_key.user_key = drawn.user_key
  ) as named
)
insert into verify_user (user_id)
select shuffled.user_id
from shuffled
where $1::boolean or shuffled.place <= $2::integer
