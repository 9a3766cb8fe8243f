-- The viewer's ties, one row: a summary over all with a tap in the last 90 days; the strongest $4; those that fade;
-- those that will within 7 days (cooling), at most 10; and of the others that need attention the $5 strongest.
-- $1 user, $2 user_key, $3 as-of day. Who opted out is in the summary only.
-- A tie of at least 3 active days fades when its silence exceeds the greater of 14 days and 2.5 times its median gap.
with tie as materialized (
  select edge.other_user_id, edge.strength_f32, edge.taps_90d, tie_strength(edge.strength_f32) as strength
  from (
    select edge_strength.u2 as other_user_id, edge_strength.strength_f32, edge_strength.taps_90d
    from edge_strength
    where edge_strength.u1 = $1::uuid
    union all
    select edge_strength.u1, edge_strength.strength_f32, edge_strength.taps_90d
    from edge_strength
    where edge_strength.u2 = $1::uuid
  ) as edge
), quiet as (
  select pair.u1_key, pair.u2_key, pair.u2_key as other_key, pair.last_day
  from pair
  where pair.u1_key = $2::integer and pair.tap_count > 2 and pair.last_day < $3::date - 7
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key, pair.last_day
  from pair
  where pair.u2_key = $2::integer and pair.tap_count > 2 and pair.last_day < $3::date - 7
), gap as (
  select
    quiet.other_key,
    quiet.last_day,
    pair_day.day - lag(pair_day.day) over (partition by quiet.other_key order by pair_day.day) as days
  from quiet
  join pair_day on pair_day.u1_key = quiet.u1_key and pair_day.u2_key = quiet.u2_key
), usual as (
  select
    gap.other_key,
    gap.last_day,
    $3::date - gap.last_day as silence_days,
    percentile_cont(0.5) within group (order by gap.days) as gap_days
  from gap
  where gap.days is not null
  group by gap.other_key, gap.last_day
  having count(*) >= 2
), judged as (
  -- A silence is whole days: it exceeds its bound for the first time on the day after the whole days of the bound.
  select
    other.user_id as other_user_id,
    coalesce(app_user.name, '') as name,
    usual.last_day,
    usual.gap_days,
    usual.silence_days,
    greatest(14, 2.5 * usual.gap_days) as bound_days,
    floor(greatest(14, 2.5 * usual.gap_days))::integer - usual.silence_days as days_left
  from usual
  join user_key as other on other.user_key = usual.other_key
  join app_user on app_user.id = other.user_id
  where not app_user.opted_out
), fading as (
  select
    judged.other_user_id,
    judged.name,
    judged.gap_days,
    judged.silence_days,
    judged.last_day,
    judged.silence_days / judged.bound_days as urgency
  from judged
  where judged.silence_days > judged.bound_days
), cooling as (
  select
    judged.other_user_id,
    judged.name,
    judged.gap_days,
    judged.silence_days,
    judged.last_day,
    judged.days_left
  from judged
  where judged.days_left between 0 and 6
  order by judged.days_left, judged.other_user_id
  limit 10
), named as materialized (
  select tie.other_user_id, app_user.name, tie.strength_f32, tie.strength, tie.taps_90d
  from tie
  join app_user on app_user.id = tie.other_user_id
  where not app_user.opted_out
), shown as (
  (
    select 'strongest' as list, named.other_user_id, named.name, named.strength_f32, named.strength, named.taps_90d
    from named
    order by named.strength_f32 desc, named.other_user_id
    limit $4::integer
  )
  union all
  (
    select 'attention', named.other_user_id, named.name, named.strength_f32, named.strength, named.taps_90d
    from named
    left join fading on fading.other_user_id = named.other_user_id
    left join cooling on cooling.other_user_id = named.other_user_id
    where tie_health(named.strength) = 'needs_attention'
      and fading.other_user_id is null
      and cooling.other_user_id is null
    order by named.strength_f32 desc, named.other_user_id
    limit $5::integer
  )
), shown_pair as (
  select
    shown.list,
    shown.other_user_id,
    case when shown.other_user_id < $1::uuid then other.user_key else $2::integer end as u1_key,
    case when shown.other_user_id < $1::uuid then $2::integer else other.user_key end as u2_key
  from shown
  join user_key as other on other.user_id = shown.other_user_id
), recent as (
  select
    shown_pair.list,
    shown_pair.other_user_id,
    coalesce(sum(pair_day.tap_count) filter (where pair_day.day > $3::date - 7), 0) as taps_7d,
    coalesce(sum(pair_day.tap_count) filter (where pair_day.day > $3::date - 30), 0) as taps_30d,
    max(pair_day.day) as last_day
  from shown_pair
  join pair_day
    on pair_day.u1_key = shown_pair.u1_key
    and pair_day.u2_key = shown_pair.u2_key
    and pair_day.day between $3::date - 89 and $3::date
  group by shown_pair.list, shown_pair.other_user_id
), described as (
  select
    shown.list,
    shown.strength_f32,
    shown.other_user_id,
    json_build_object(
      'other_user_id', shown.other_user_id,
      'name', coalesce(shown.name, ''),
      'strength_f32', shown.strength_f32,
      'strength', shown.strength,
      'taps_7d', recent.taps_7d,
      'taps_30d', recent.taps_30d,
      'taps_90d', shown.taps_90d,
      'days_since_last_tap', $3::date - recent.last_day,
      'last_tap_day', recent.last_day,
      'health', tie_health(shown.strength)
    ) as line
  from shown
  join recent on recent.list = shown.list and recent.other_user_id = shown.other_user_id
)
select
  (
    select json_build_object(
      'avg_strength', coalesce(avg(tie.strength), 0),
      'excellent', count(*) filter (where tie_health(tie.strength) = 'excellent'),
      'good', count(*) filter (where tie_health(tie.strength) = 'good'),
      'fair', count(*) filter (where tie_health(tie.strength) = 'fair'),
      'needs_attention', count(*) filter (where tie_health(tie.strength) = 'needs_attention')
    )::text
    from tie
  ) as summary,
  (
    select coalesce(json_agg(described.line order by described.strength_f32 desc, described.other_user_id), '[]')::text
    from described
    where described.list = 'strongest'
  ) as connections,
  (
    select coalesce(json_agg(described.line order by described.strength_f32 desc, described.other_user_id), '[]')::text
    from described
    where described.list = 'attention'
  ) as attention,
  (
    select coalesce(
      json_agg(
        json_build_object(
          'other_user_id', fading.other_user_id,
          'name', fading.name,
          'usual_gap_days', fading.gap_days,
          'days_since_last_tap', fading.silence_days,
          'last_tap_day', fading.last_day
        )
        order by fading.urgency desc, fading.other_user_id
      ),
      '[]'
    )::text
    from fading
  ) as fading,
  (
    select coalesce(
      json_agg(
        json_build_object(
          'other_user_id', cooling.other_user_id,
          'name', cooling.name,
          'usual_gap_days', cooling.gap_days,
          'days_since_last_tap', cooling.silence_days,
          'last_tap_day', cooling.last_day,
          'days_left', cooling.days_left
        )
        order by cooling.days_left, cooling.other_user_id
      ),
      '[]'
    )::text
    from cooling
  ) as cooling
