-- Friends of friends with enough mutual connections, who could be among the best $5 by their whole score.
-- $1 user_key of the viewer, $2 as-of day, $3 fewest mutual connections, $4 weight of mutual connections, $5 how many are
-- wanted, $6 the most that the other parts of the score can add, $7 ids never to recommend, separated by commas.
-- Whoever could not reach the mutual score of the $5th best with all other points added is left out: exact, and few
-- remain.
with viewer_friend as materialized (
  select friend.friend_key from friend where friend.user_key = $1::integer
), shared as (
  select friend.friend_key as candidate_key, count(*)::integer as mutual_count
  from viewer_friend
  join friend on friend.user_key = viewer_friend.friend_key
  where friend.friend_key <> $1::integer
  group by friend.friend_key
  having count(*) >= $3::integer
), candidate as materialized (
  select
    candidate_user.user_id,
    shared.candidate_key,
    coalesce(app_user.name, '') as name,
    shared.mutual_count,
    $4::float8 * least(1, shared.mutual_count / 10.0)::float8 as mutual_score
  from shared
  left join viewer_friend on viewer_friend.friend_key = shared.candidate_key
  join user_key as candidate_user on candidate_user.user_key = shared.candidate_key
  join app_user on app_user.id = candidate_user.user_id
  where viewer_friend.friend_key is null
    and not app_user.opted_out
    and candidate_user.user_id <> all (string_to_array($7::text, ',')::uuid[])
), bar as (
  select candidate.mutual_score
  from candidate
  order by candidate.mutual_score desc
  limit 1 offset $5::integer - 1
)
select
  candidate.user_id,
  candidate.candidate_key,
  candidate.name,
  candidate.mutual_count,
  user_streaks.last_active_day,
  greatest(0, $2::date - user_streaks.last_active_day) as days_since_last_tap
from candidate
join user_streaks on user_streaks.user_id = candidate.user_id
where candidate.mutual_score >= coalesce((select bar.mutual_score from bar), 0) - $6::float8
