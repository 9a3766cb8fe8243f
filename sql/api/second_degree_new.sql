-- Users who came to distance exactly 2 of the viewer on a day from $2 on, the latest first, at most $3, and the friend
-- over whom. $1 user_key of the viewer. Days are those of the stored zone.
-- A path over a friend exists from the later of its two first days on. Day and friend travel through one min() as one
-- number, because only few of all paths are wanted in the end.
with viewer_friend as materialized (
  select friend.friend_key, friend.first_day from friend where friend.user_key = $1::integer
), reached as (
  select
    friend.friend_key as other_key,
    min(
      (greatest(viewer_friend.first_day, friend.first_day) - date '0001-01-01')::bigint * 4294967296
      + viewer_friend.friend_key
    ) as first_path
  from viewer_friend
  join friend on friend.user_key = viewer_friend.friend_key
  where friend.friend_key <> $1::integer
  group by friend.friend_key
), recent as (
  select
    reached.other_key,
    date '0001-01-01' + (reached.first_path / 4294967296)::integer as reached_on,
    (reached.first_path % 4294967296)::integer as friend_key
  from reached
  left join viewer_friend on viewer_friend.friend_key = reached.other_key
  where viewer_friend.friend_key is null
    and reached.first_path >= ($2::date - date '0001-01-01')::bigint * 4294967296
)
select
  other.user_id,
  coalesce(app_user.name, '') as name,
  case when connecting_user.opted_out then null else connecting_user.name end as connected_via
from recent
join user_key as other on other.user_key = recent.other_key
join app_user on app_user.id = other.user_id
join user_key as connecting on connecting.user_key = recent.friend_key
left join app_user as connecting_user on connecting_user.id = connecting.user_id
where not app_user.opted_out
order by recent.reached_on desc, other.user_id
limit $3::integer
