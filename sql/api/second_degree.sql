-- Friends of friends of the viewer, walked once for two answers: who came to distance exactly 2 on a day from $2 on, the
-- latest first, at most $3, with the friend over whom; and who could be among the best $7 to recommend.
-- $1 user_key of the viewer, $4 as-of day, $5 fewest mutual connections, $6 weight of mutual connections, $7 how many are
-- wanted, $8 weight of recency, $9 days beyond which it is 0, $10 weight of the home city, $11 ids never to recommend,
-- separated by commas.
-- Days are those of the stored zone. A path over a friend exists from the later of its two first days on. Day and friend
-- travel through one min() as one number, because only few of all paths are wanted in the end.
-- Candidates are narrowed twice, each time to those who could still be among the best if they got all points that are
-- not known yet: first against those with the most mutual connections, then against each other.
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
    $6::float8 * least(1, most_mutual.mutual_count / 10.0::float8)
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
    $6::float8 * least(1, stranger.mutual_count / 10.0::float8)
      + case when activity.days <= $9::integer then $8::float8 * exp(activity.days / -30.0::float8) else 0 end as known_score
  from stranger
  join user_key as candidate_user on candidate_user.user_key = stranger.other_key
  join app_user on app_user.id = candidate_user.user_id
  join user_streaks on user_streaks.user_id = candidate_user.user_id
  cross join lateral (select greatest(0, $4::date - user_streaks.last_active_day) as days) as activity
  where stranger.mutual_count >= $5::integer
    and $6::float8 * least(1, stranger.mutual_count / 10.0::float8) + $8::float8 + $10::float8 + 1e-9
      >= coalesce((select first_bar.known_score from first_bar), 0)
    and not app_user.opted_out
    and candidate_user.user_id <> all (string_to_array($11::text, ',')::uuid[])
), bar as (
  select candidate.known_score
  from candidate
  order by candidate.known_score desc
  limit 1 offset $7::integer - 1
)
select
  true as is_new,
  latest.user_id,
  coalesce(latest.name, '') as name,
  latest.reached_on,
  case when connecting_user.opted_out then null else connecting_user.name end as connected_via,
  null::integer as candidate_key,
  null::integer as mutual_count,
  null::integer as days_since_last_tap
from latest
join user_key as connecting on connecting.user_key = latest.friend_key
left join app_user as connecting_user on connecting_user.id = connecting.user_id
union all
select
  false,
  candidate.user_id,
  coalesce(candidate.name, ''),
  null::date,
  null::text,
  candidate.other_key,
  candidate.mutual_count,
  candidate.days
from candidate
where candidate.known_score + $10::float8 + 1e-9 >= coalesce((select bar.known_score from bar), 0)
order by is_new desc, reached_on desc, user_id
