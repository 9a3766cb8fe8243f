-- For every user, the others at distance 2 or 1: the week since which a friend leads to them, and the week in which the
-- two met. Weeks are counted from Monday 2001-01-01.
-- What it means: docs/semantics.md#weeks.
create function pg_temp.reach_of(person_key integer)
returns table (other_key integer, reached_week integer, met_week integer)
language sql stable
begin atomic
  select path.other_key, min(path.reached_week), min(path.met_week)
  from (
    select far.friend_key as other_key, greatest(far.near_week, far.first_week) as reached_week, null::integer as met_week
    from (
      select
        near.first_week as near_week,
        unnest(tie_list.friend_keys) as friend_key,
        unnest(tie_list.first_weeks) as first_week
      from tie as near
      join tie_list on tie_list.person_key = near.friend_key
      where near.person_key = reach_of.person_key
    ) as far
    where far.friend_key <> reach_of.person_key
    union all
    select tie.friend_key, null, tie.first_week
    from tie
    where tie.person_key = reach_of.person_key
  ) as path
  group by path.other_key;
end;
