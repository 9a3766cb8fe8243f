-- What is stored of the viewer, in one statement: one more costs more than what it looks up. Their streak, running week
-- and places on its boards, their ranks of the week before; the days with taps of the 371 days that end with the as-of
-- day, 'days before it:taps', separated by commas; and where a cell is new to them within a window, all cells in which
-- they ever tapped, 'cell:older' where the first time was before the window, 'cell:new' within it, 'cell:later' after
-- it; the partners whose first tap ever with the viewer is in the window, 'user_key:first tap:last tap before its
-- end' in microseconds since 1970; the connections of the viewer and, if $8, of each of their partners, as
-- sql/api/friend_list.sql has them.
-- Zeros and nulls where there is nothing. Always one row. What is in the window is told by dates: where a clock is set
-- back at midnight, a day begins twice.
-- $1 user, $2 the week's Monday, $3 as-of day or null; $4 user_key or null, $5 first day of the window, $6 its last
-- day, $7 the viewer's zone, $8 whether the partners' connections are wanted too.
with visited as materialized (
  select
    user_cell.geohash5,
    case
      when (user_cell.first_tap_at at time zone $7::text)::date < $5::date then 'older'
      when (user_cell.first_tap_at at time zone $7::text)::date <= $6::date then 'new'
      else 'later'
    end as met
  from user_cell
  where user_cell.user_key = $4::integer
), recent_pair as materialized (
  -- Two zones differ by two days at most: by the stored day few pairs are left to be looked up.
  select pair.u1_key, pair.u2_key
  from pair
  where pair.u1_key = $4::integer and pair.first_day between $5::date - 2 and $6::date + 2
  union all
  select pair.u1_key, pair.u2_key
  from pair
  where pair.u2_key = $4::integer and pair.first_day between $5::date - 2 and $6::date + 2
), new_pair as materialized (
  select pair.u1_key, pair.u2_key, pair.first_tap_at, pair.last_tap_at
  from recent_pair
  join pair on pair.u1_key = recent_pair.u1_key and pair.u2_key = recent_pair.u2_key
  where (pair.first_tap_at at time zone $7::text)::date between $5::date and $6::date
), later_pair_day as materialized (
  -- Where the viewer's day ends before the stored one, a pair's latest tap may be dated after the window: of those
  -- pairs the latest tap before its end is looked for.
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from new_pair
  join pair_day on pair_day.u1_key = new_pair.u1_key and pair_day.u2_key = new_pair.u2_key
  where (new_pair.last_tap_at at time zone $7::text)::date > $6::date
    and (pair_day.first_tap_at at time zone $7::text)::date <= $6::date
), earlier_tap as (
  select later_pair_day.u1_key, later_pair_day.u2_key, later_pair_day.first_tap_at as tapped_at
  from later_pair_day
  union all
  select later_pair_day.u1_key, later_pair_day.u2_key, later_pair_day.last_tap_at
  from later_pair_day
  where (later_pair_day.last_tap_at at time zone $7::text)::date <= $6::date
  union all
  select later_pair_day.u1_key, later_pair_day.u2_key, between_tap.tapped_at
  from later_pair_day
  join pair_day_tap
    on pair_day_tap.u1_key = later_pair_day.u1_key
    and pair_day_tap.u2_key = later_pair_day.u2_key
    and pair_day_tap.day = later_pair_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as between_tap (tapped_at)
  where later_pair_day.tap_count > 2
    and (later_pair_day.last_tap_at at time zone $7::text)::date > $6::date
    and (between_tap.tapped_at at time zone $7::text)::date <= $6::date
), new_partner as (
  select new_pair.u1_key, new_pair.u2_key, new_pair.first_tap_at, new_pair.last_tap_at
  from new_pair
  where (new_pair.last_tap_at at time zone $7::text)::date <= $6::date
  union all
  select earlier_tap.u1_key, earlier_tap.u2_key, min(earlier_tap.tapped_at), max(earlier_tap.tapped_at)
  from earlier_tap
  group by earlier_tap.u1_key, earlier_tap.u2_key
), walked as (
  select $4::integer as user_key
  union all
  select friend.friend_key from friend where friend.user_key = $4::integer and $8::boolean
), streak as (
  -- Each figure by itself: a cluster joins them only where it is told that they are on one node.
  select
    user_streaks.user_id,
    user_streaks.current_streak_days,
    user_streaks.longest_streak_days,
    user_streaks.last_tap_at
  from user_streaks
  where user_streaks.user_id = $1::uuid
), week as (
  select
    user_week_activity.user_id,
    user_week_activity.tap_count,
    user_week_activity.first_degree_new_count,
    user_week_activity.second_degree_new_count
  from user_week_activity
  where user_week_activity.user_id = $1::uuid
    and user_week_activity.year = iso_year(week_number($2::date))
    and user_week_activity.iso_week = iso_week(week_number($2::date))
), board as (
  select
    weekly_leaderboard.user_id,
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree,
    weekly_leaderboard.streak_days,
    weekly_leaderboard.connectors_rank,
    weekly_leaderboard.builders_rank,
    weekly_leaderboard.streak_rank
  from weekly_leaderboard
  where weekly_leaderboard.user_id = $1::uuid
    and weekly_leaderboard.year = iso_year(week_number($2::date))
    and weekly_leaderboard.iso_week = iso_week(week_number($2::date))
), last_board as (
  select
    weekly_leaderboard.user_id,
    weekly_leaderboard.connectors_rank,
    weekly_leaderboard.builders_rank,
    weekly_leaderboard.streak_rank
  from weekly_leaderboard
  where weekly_leaderboard.user_id = $1::uuid
    and weekly_leaderboard.year = iso_year(week_number($2::date) - 1)
    and weekly_leaderboard.iso_week = iso_week(week_number($2::date) - 1)
)
select
  coalesce(streak.current_streak_days, 0) as current_streak_days,
  coalesce(streak.longest_streak_days, 0) as longest_streak_days,
  coalesce(week.tap_count, 0) as weekly_taps,
  coalesce(week.first_degree_new_count, 0) as new_connections,
  coalesce(week.second_degree_new_count, 0) as second_degree_delta,
  (
    select string_agg(($3::date - active.day) || ':' || active.tap_count, ',' order by active.day)
    from user_day_activity as active
    where active.user_id = $1::uuid
      and active.day between $3::date - 370 and $3::date
  ) as active_days,
  (
    select string_agg(visited.geohash5 || ':' || visited.met, ',')
    from visited
    having bool_or(visited.met = 'new')
  ) as cells,
  (
    select
      string_agg(
        case when new_partner.u1_key = $4::integer then new_partner.u2_key else new_partner.u1_key end
          || ':' || (extract(epoch from new_partner.first_tap_at) * 1000000)::bigint
          || ':' || (extract(epoch from new_partner.last_tap_at) * 1000000)::bigint,
        ','
      )
    from new_partner
  ) as new_partners,
  (
    select
      string_agg(
        int4send(friend_list.user_key) || int4send(length(friend_list.friends) / 8) || friend_list.friends,
        ''::bytea
      )::text
    from walked
    join friend_list on friend_list.user_key = walked.user_key
  ) as friend_lists,
  coalesce(board.new_first_degree, 0) as new_first_degree,
  coalesce(board.delta_second_degree, 0) as delta_second_degree,
  coalesce(board.streak_days, 0) as streak_days,
  board.connectors_rank,
  board.builders_rank,
  board.streak_rank,
  case when board.user_id is not null then streak.last_tap_at end as last_tap_at,
  last_board.connectors_rank as last_connectors_rank,
  last_board.builders_rank as last_builders_rank,
  last_board.streak_rank as last_streak_rank
from (values ($1::uuid)) as viewer (user_id)
left join streak on streak.user_id = viewer.user_id
left join week on week.user_id = viewer.user_id
left join board on board.user_id = viewer.user_id
left join last_board on last_board.user_id = viewer.user_id
