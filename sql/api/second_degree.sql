-- Friends of friends of the viewer, walked once for two answers: who came to distance exactly 2 on a day from $2 on,
-- the latest first, at most $3, with the friend over whom; and the $7 best to recommend, the best first.
-- $1 user_key of the viewer, $4 as-of day, $5 fewest mutual connections, $6 weight of mutual connections, $7 how many
-- are wanted, $8 weight of recency, $9 days beyond which it is 0, $10 weight of the home city, $11 ids never to
-- recommend, separated by commas, $12 id of the viewer, $13 kilometres between home cities from which on they count
-- nothing, $14 how many mutual connections are named. The parts of a score are within [0, 1] and not weighted yet:
-- mutuals = 1 - exp(-count / 8), so that one more always counts; recency = exp(-days / 30); geo = 1 - kilometres / $13,
-- in steps of 0.25, because an exact one, asked for from a few home cities in turn, would say where somebody lives.
-- Ties: more mutual connections first, then the id. Days are those of the stored zone. A path over a friend exists from
-- the later of its two first days on. Day and friend travel through one min() as one number, because only few of all
-- paths are wanted in the end. Candidates are narrowed twice, each time to those who could still be among the best if
-- they got all points that are not known yet: first against those with the most mutual connections, then against each
-- other.
with viewer_friend as materialized (
  select friend.friend_key, friend.first_day from friend where friend.user_key = $1::integer
), reached as (
  select
    friend.friend_key as other_key,
    count(*)::integer as mutual_count,
    min(
      (greatest(viewer_friend.first_day, friend.first_day) - date '0001-01-01')::bigint * 4294967296
      + viewer_friend.friend_key
    ) as first_path
  from viewer_friend
  join friend on friend.user_key = viewer_friend.friend_key
  where friend.friend_key <> $1::integer
  group by friend.friend_key
), stranger as materialized (
  select reached.other_key, reached.mutual_count, reached.first_path
  from reached
  left join viewer_friend on viewer_friend.friend_key = reached.other_key
  where viewer_friend.friend_key is null
    and (
      reached.mutual_count >= $5::integer
      or reached.first_path >= ($2::date - date '0001-01-01')::bigint * 4294967296
    )
), fresh as (
  select
    stranger.other_key,
    date '0001-01-01' + (stranger.first_path / 4294967296)::integer as reached_on,
    (stranger.first_path % 4294967296)::integer as friend_key
  from stranger
  where stranger.first_path >= ($2::date - date '0001-01-01')::bigint * 4294967296
), just_reached as (
  select fresh.other_key, fresh.reached_on
  from fresh
  order by fresh.reached_on desc
  limit $3::integer + 20
), latest_bar as (
  -- The day of the $3rd latest of those. Where too many of them are not to be named there is no bar.
  select just_reached.reached_on
  from just_reached
  join user_key as other on other.user_key = just_reached.other_key
  join app_user on app_user.id = other.user_id
  where not app_user.opted_out
  order by just_reached.reached_on desc
  limit 1 offset $3::integer - 1
), latest as (
  select
    other.user_id,
    app_user.name,
    fresh.reached_on,
    fresh.friend_key
  from fresh
  join user_key as other on other.user_key = fresh.other_key
  join app_user on app_user.id = other.user_id
  where fresh.reached_on >= coalesce((select latest_bar.reached_on from latest_bar), date '-infinity')
    and not app_user.opted_out
  order by fresh.reached_on desc, other.user_id
  limit $3::integer
), most_mutual as (
  select stranger.other_key, stranger.mutual_count
  from stranger
  where stranger.mutual_count >= $5::integer
  order by stranger.mutual_count desc
  limit $7::integer + 20
), first_bar as (
  -- What the $7th best of those has for sure. Where too many of them are not to be recommended there is no bar, and
  -- everybody is looked at.
  select
    $6::float8 * (1 - exp(most_mutual.mutual_count / -8.0::float8))
      + case when activity.days <= $9::integer then $8::float8 * exp(activity.days / -30.0::float8) else 0 end as known_score
  from most_mutual
  join user_key as candidate_user on candidate_user.user_key = most_mutual.other_key
  join app_user on app_user.id = candidate_user.user_id
  join user_streaks on user_streaks.user_id = candidate_user.user_id
  cross join lateral (select greatest(0, $4::date - user_streaks.last_active_day) as days) as activity
  where not app_user.opted_out
    and candidate_user.user_id <> all (string_to_array($11::text, ',')::uuid[])
  order by known_score desc
  limit 1 offset $7::integer - 1
), candidate as materialized (
  -- A hair below the bar, so that the last bit of a sum leaves nobody out.
  select
    stranger.other_key,
    stranger.mutual_count,
    candidate_user.user_id,
    app_user.name,
    activity.days,
    part.mutuals,
    part.recency,
    $6::float8 * part.mutuals + $8::float8 * part.recency as known_score
  from stranger
  join user_key as candidate_user on candidate_user.user_key = stranger.other_key
  join app_user on app_user.id = candidate_user.user_id
  join user_streaks on user_streaks.user_id = candidate_user.user_id
  cross join lateral (select greatest(0, $4::date - user_streaks.last_active_day) as days) as activity
  cross join lateral (
    select
      1 - exp(stranger.mutual_count / -8.0::float8) as mutuals,
      case when activity.days <= $9::integer then exp(activity.days / -30.0::float8) else 0 end as recency
  ) as part
  where stranger.mutual_count >= $5::integer
    and $6::float8 * (1 - exp(stranger.mutual_count / -8.0::float8)) + $8::float8 + $10::float8 + 1e-9
      >= coalesce((select first_bar.known_score from first_bar), 0)
    and not app_user.opted_out
    and candidate_user.user_id <> all (string_to_array($11::text, ',')::uuid[])
), bar as (
  select candidate.known_score
  from candidate
  order by candidate.known_score desc
  limit 1 offset $7::integer - 1
), viewer_home as materialized (
  select home_place.latitude, home_place.longitude from home_place where home_place.user_id = $12::uuid
), scored as (
  select
    candidate.other_key,
    candidate.user_id,
    candidate.name,
    candidate.mutual_count,
    candidate.days,
    candidate.mutuals,
    candidate.recency,
    nearness.geo,
    -- Sums of binary fractions end in noise: 0.9999999999999999 for 1.
    round((candidate.known_score + $10::float8 * nearness.geo)::numeric, 6)::float8 as total
  from candidate
  left join viewer_home on true
  left join home_place as candidate_home on candidate_home.user_id = candidate.user_id
  cross join lateral (
    select coalesce(
      floor(
        4 * greatest(
          0,
          1 - kilometres(
            viewer_home.latitude, viewer_home.longitude, candidate_home.latitude, candidate_home.longitude
          ) / $13::float8
        )
      ) / 4,
      0
    ) as geo
  ) as nearness
  where candidate.known_score + $10::float8 + 1e-9 >= coalesce((select bar.known_score from bar), 0)
), best as (
  select
    scored.other_key,
    scored.user_id,
    scored.name,
    scored.mutual_count,
    scored.days,
    scored.mutuals,
    scored.recency,
    scored.geo,
    scored.total
  from scored
  order by scored.total desc, scored.mutual_count desc, scored.user_id
  limit $7::integer
)
(
  select
    true as is_new,
    latest.user_id,
    coalesce(latest.name, '') as name,
    case when connecting_user.opted_out then null else connecting_user.name end as connected_via,
    null::float8 as total,
    null::float8 as mutuals,
    null::float8 as recency,
    null::float8 as geo,
    null::text as mutual_names,
    null::text as explain
  from latest
  join user_key as connecting on connecting.user_key = latest.friend_key
  left join app_user as connecting_user on connecting_user.id = connecting.user_id
  order by latest.reached_on desc, latest.user_id
)
union all
(
  select
    false,
    best.user_id,
    coalesce(best.name, ''),
    null,
    best.total,
    best.mutuals,
    best.recency,
    best.geo,
    named.names,
    concat_ws(
      ' · ',
      best.mutual_count || case when best.mutual_count = 1 then ' mutual connection' else ' mutual connections' end,
      case
        when best.days > $9::integer then null
        when best.days <= 1 then 'active recently'
        else 'active ' || best.days || ' days ago'
      end,
      case when best.geo = 1 then 'same home city' when best.geo > 0 then 'home city nearby' end
    )
  from best
  cross join lateral (
    -- The viewer's oldest connections first, without those who opted out.
    select coalesce(json_agg(mutual.name order by mutual.first_day, mutual.id), '[]')::text as names
    from (
      select app_user.name, app_user.id, viewer_friend.first_day
      from friend as candidate_friend
      join viewer_friend on viewer_friend.friend_key = candidate_friend.friend_key
      join user_key on user_key.user_key = viewer_friend.friend_key
      join app_user on app_user.id = user_key.user_id
      where candidate_friend.user_key = best.other_key
        and not app_user.opted_out
        and app_user.name is not null
      order by viewer_friend.first_day, app_user.id
      limit $14::integer
    ) as mutual
  ) as named
  order by best.total desc, best.mutual_count desc, best.user_id
)
