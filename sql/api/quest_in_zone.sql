-- The quests of the running week in another zone than the stored one, counted from the viewer's own taps on processed
-- days, as of the same calendar date: what is dated after it waits. Nearest to done first, the done ones last.
-- $1 user_key, $2 the week's Monday, $3 the viewer's zone, $4 the as-of day, in that week.
-- What needs the taps of other users or cells (assists, new_areas) takes its moment from the facts: the pair's first
-- tap, the cell's first tap.
with viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.u2_key as partner_key, pair.first_tap_at
  from pair where pair.u1_key = $1::integer
  union all
  select pair.u1_key, pair.u2_key, pair.u1_key, pair.first_tap_at
  from pair where pair.u2_key = $1::integer
), stored_day as (
  select
    viewer_pair.partner_key,
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from viewer_pair
  join pair_day on pair_day.u1_key = viewer_pair.u1_key and pair_day.u2_key = viewer_pair.u2_key
), moment as (
  select stored_day.partner_key, stored_day.first_tap_at as tapped_at from stored_day
  union all
  select stored_day.partner_key, stored_day.last_tap_at from stored_day where stored_day.tap_count > 1
  union all
  select stored_day.partner_key, between_tap.tapped_at
  from stored_day
  join pair_day_tap
    on pair_day_tap.u1_key = stored_day.u1_key
    and pair_day_tap.u2_key = stored_day.u2_key
    and pair_day_tap.day = stored_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as between_tap (tapped_at)
), viewer_tap as (
  select moment.partner_key, moment.tapped_at, (moment.tapped_at at time zone $3::text)::date as day
  from moment
), partner_day as (
  select
    viewer_tap.partner_key,
    viewer_tap.day,
    min(viewer_tap.tapped_at) as tapped_at,
    lag(viewer_tap.day) over (partition by viewer_tap.partner_key order by viewer_tap.day) as previous_day
  from viewer_tap
  group by viewer_tap.partner_key, viewer_tap.day
), active_day as (
  select viewer_tap.day, min(viewer_tap.tapped_at) as tapped_at
  from viewer_tap
  group by viewer_tap.day
), numbered as (
  select
    active_day.day,
    active_day.tapped_at,
    active_day.day - (row_number() over (order by active_day.day))::integer as stretch
  from active_day
), running as (
  select
    numbered.day,
    numbered.tapped_at,
    (row_number() over (partition by numbered.stretch order by numbered.day))::integer as days
  from numbered
), introduced as materialized (
  -- From the viewer's partners outward, in the index alone: written as a range of first_day, everybody's new pairs of
  -- the week would be looked through instead. The stored zone's days are at most two days from the viewer's.
  select pair.u1_key, pair.u2_key
  from viewer_pair as one
  join pair on pair.u1_key = one.partner_key
  where pair.first_day - $2::date >= -2
    and pair.first_day - $2::date <= 8
), assist as (
  select pair.first_tap_at as tapped_at, (pair.first_tap_at at time zone $3::text)::date as day
  from introduced
  join viewer_pair as one on one.partner_key = introduced.u1_key
  join viewer_pair as other on other.partner_key = introduced.u2_key
  join pair on pair.u1_key = introduced.u1_key and pair.u2_key = introduced.u2_key
  where (pair.first_tap_at at time zone $3::text)::date between $2::date and $2::date + 6
    and (one.first_tap_at at time zone $3::text)::date < (pair.first_tap_at at time zone $3::text)::date
    and (other.first_tap_at at time zone $3::text)::date < (pair.first_tap_at at time zone $3::text)::date
), event as (
  -- A row per thing counted: the metric, its day and moment, and whose repetition counts once (key).
  select 'taps' as metric, viewer_tap.day, viewer_tap.tapped_at, null::integer as key
  from viewer_tap
  union all
  select 'active_days', active_day.day, active_day.tapped_at, null from active_day
  union all
  select 'new_people', partner_day.day, partner_day.tapped_at, null
  from partner_day
  where partner_day.previous_day is null
  union all
  select 'reconnections', partner_day.day, partner_day.tapped_at, partner_day.partner_key
  from partner_day
  where partner_day.day - partner_day.previous_day >= 30
  union all
  select 'new_areas', (user_cell.first_tap_at at time zone $3::text)::date, user_cell.first_tap_at, null
  from user_cell
  where user_cell.user_key = $1::integer
  union all
  select 'assists', assist.day, assist.tapped_at, null from assist
), rule as (
  select
    quest_rule.quest_id,
    quest_rule.slug,
    quest_rule.metric,
    quest_rule.quest_window,
    quest_rule.target,
    $2::date + case when quest_rule.quest_window = 'weekend' then 5 else 0 end as from_day
  from quest_rule
  where quest_rule.is_active
    and quest_rule.active_from <= $2::date
    and quest_rule.active_until >= $2::date
), counted as (
  -- The first of each key within the quest's span (its day, where the span is a day) counts.
  select
    rule.quest_id,
    case when rule.quest_window = 'day' then event.day end as span_day,
    min(event.tapped_at) as tapped_at
  from rule
  join event
    on event.metric = rule.metric
    and event.day between rule.from_day and $4::date
  where event.key is not null
  group by rule.quest_id, span_day, event.key
  union all
  select rule.quest_id, case when rule.quest_window = 'day' then event.day end, event.tapped_at
  from rule
  join event
    on event.metric = rule.metric
    and event.day between rule.from_day and $4::date
  where event.key is null
), placed as (
  select
    counted.quest_id,
    counted.tapped_at,
    (row_number() over (partition by counted.quest_id, counted.span_day order by counted.tapped_at))::integer as place
  from counted
), reached as (
  select
    rule.quest_id,
    max(placed.place) as count,
    min(placed.tapped_at) filter (where placed.place = rule.target) as completed_at
  from rule
  join placed on placed.quest_id = rule.quest_id
  group by rule.quest_id
  union all
  select
    rule.quest_id,
    max(running.days),
    min(running.tapped_at) filter (where running.days >= rule.target)
  from rule
  join running on running.day between rule.from_day and $4::date
  where rule.metric = 'streak_days'
  group by rule.quest_id
)
select
  rule.slug as id,
  quest_definitions.title,
  quest_definitions.description,
  quest_definitions.quest_type as type,
  least(progress.count, rule.target) as progress,
  progress.count,
  rule.target,
  quest_unit(rule.metric) as unit,
  rule.quest_window as "window",
  quest_status(progress.count, rule.target) as status,
  reached.completed_at,
  ($2::date + 7)::timestamp at time zone $3::text as ends_at,
  quest_definitions.rewards::text as rewards
from rule
join quest_definitions on quest_definitions.quest_id = rule.quest_id
left join reached on reached.quest_id = rule.quest_id
cross join lateral (select coalesce(reached.count, 0) as count) as progress
order by
  progress.count >= rule.target,
  progress.count::numeric / rule.target desc,
  rule.target,
  rule.slug
