-- The $3 best to recommend of the friends of friends that are given, the best first, as far as they reach the total
-- $12.
-- $1 their user_keys, $2 how many mutual connections each has; $4 as-of day, $5 id of the viewer, $6 weight of mutual
-- connections, $7 weight of recency, $8 days beyond which it is 0, $9 weight of the home city, $10 kilometres between
-- home cities from which on they count nothing, $11 ids never to recommend, separated by commas.
-- The parts of a score are within [0, 1] and not weighted yet: mutuals = 1 - exp(-count / 8), so that one more always
-- counts; recency = exp(-days / 30); geo = 1 - kilometres / $10, in steps of 0.25, because an exact one, asked for from
-- a few home cities in turn, would say where somebody lives. Ties: more mutual connections first, then the id.
-- Days are those of the stored zone.
-- Materialized, so that a long expression is prepared once and not for each use of it.
with active as materialized (
  select
    given.user_key,
    given.mutual_count,
    candidate_user.user_id,
    activity.days,
    part.mutuals,
    part.recency,
    $6::float8 * part.mutuals + $7::float8 * part.recency as known_score
  from unnest($1::integer[], $2::integer[]) as given (user_key, mutual_count)
  join user_key as candidate_user on candidate_user.user_key = given.user_key
  join user_streaks on user_streaks.user_id = candidate_user.user_id
  cross join lateral (select greatest(0, $4::date - user_streaks.last_active_day) as days) as activity
  cross join lateral (
    select
      1 - exp(given.mutual_count / -8.0::float8) as mutuals,
      case when activity.days <= $8::integer then exp(activity.days / -30.0::float8) else 0 end as recency
  ) as part
  where candidate_user.user_id <> all (string_to_array($11::text, ',')::uuid[])
), candidate as materialized (
  -- A hair below the bar, because totals are rounded.
  select
    active.user_key,
    active.mutual_count,
    active.user_id,
    app_user.name,
    active.days,
    active.mutuals,
    active.recency,
    active.known_score
  from active
  join app_user on app_user.id = active.user_id
  where active.known_score + $9::float8 + 1e-6 >= $12::float8
    and not app_user.opted_out
), bar as (
  select candidate.known_score
  from candidate
  order by candidate.known_score desc
  limit 1 offset $3::integer - 1
), viewer_home as materialized (
  select home_place.latitude, home_place.longitude from home_place where home_place.user_id = $5::uuid
), scored as materialized (
  -- Homes are looked up of those who could still be among the best with all of their points.
  select
    candidate.user_key,
    candidate.user_id,
    candidate.name,
    candidate.mutual_count,
    candidate.days,
    candidate.mutuals,
    candidate.recency,
    candidate.known_score,
    coalesce(
      (
        select floor(
          4 * greatest(
            0,
            1 - kilometres(
              viewer_home.latitude, viewer_home.longitude, candidate_home.latitude, candidate_home.longitude
            ) / $10::float8
          )
        ) / 4
        from viewer_home
        cross join home_place as candidate_home
        where candidate_home.user_id = candidate.user_id
      ),
      0
    ) as geo
  from candidate
  where candidate.known_score + $9::float8 + 1e-6 >= coalesce((select bar.known_score from bar), 0)
), totalled as materialized (
  select
    scored.user_key,
    scored.user_id,
    scored.name,
    scored.mutual_count,
    scored.days,
    scored.mutuals,
    scored.recency,
    scored.geo,
    -- Sums of binary fractions end in noise: 0.9999999999999999 for 1.
    round((scored.known_score + $9::float8 * scored.geo)::numeric, 6)::float8 as total
  from scored
), best as (
  select
    scored.user_key,
    scored.user_id,
    scored.name,
    scored.mutual_count,
    scored.days,
    scored.mutuals,
    scored.recency,
    scored.geo,
    scored.total
  from totalled as scored
  order by scored.total desc, scored.mutual_count desc, scored.user_id
  limit $3::integer
)
select
  best.user_key,
  best.user_id,
  coalesce(best.name, '') as name,
  best.mutual_count,
  best.total,
  best.mutuals,
  best.recency,
  best.geo,
  concat_ws(
    ' · ',
    best.mutual_count || case when best.mutual_count = 1 then ' mutual connection' else ' mutual connections' end,
    case
      when best.days > $8::integer then null
      when best.days <= 1 then 'active recently'
      else 'active ' || best.days || ' days ago'
    end,
    case when best.geo = 1 then 'same home city' when best.geo > 0 then 'home city nearby' end
  ) as explain
from best
order by best.total desc, best.mutual_count desc, best.user_id
