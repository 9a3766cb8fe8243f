-- Names of the mutual connections of the viewer and each candidate, the viewer's oldest connections first, at most $3
-- each, without those who opted out. $1 user_key of the viewer, $2 candidates' keys, separated by commas.
with mutual as (
  select
    candidate.candidate_key,
    viewer_friend.friend_key,
    app_user.name,
    row_number() over (
      partition by candidate.candidate_key
      order by viewer_friend.first_day, app_user.id
    ) as place
  from unnest(string_to_array($2::text, ',')::integer[]) as candidate (candidate_key)
  join friend as candidate_friend on candidate_friend.user_key = candidate.candidate_key
  join friend as viewer_friend
    on viewer_friend.user_key = $1::integer
    and viewer_friend.friend_key = candidate_friend.friend_key
  join user_key on user_key.user_key = viewer_friend.friend_key
  join app_user on app_user.id = user_key.user_id
  where not app_user.opted_out
    and app_user.name is not null
)
select mutual.candidate_key, array_to_json(array_agg(mutual.name order by mutual.place))::text as names
from mutual
where mutual.place <= $3::integer
group by mutual.candidate_key
