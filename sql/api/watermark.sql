-- What the answers are as of, and the moments that they are relative to.
-- $1 zone when none is recorded yet, $2 the viewer's zone or null, $3 the moment to answer for, null: now.
-- A stored figure knows the taps up to the end of the as-of day: that end, or now, is where the viewer's own streak and
-- week are judged (known_until).
with recorded as (
  select coalesce((select setting.value from setting where setting.key = 'zone'), $1::text) as zone
), asked as (
  select
    recorded.zone,
    coalesce($2::text, recorded.zone) as viewer_zone,
    coalesce($3::timestamptz, now()) as now_at,
    (select max(processed_day.day) from processed_day) as as_of_day
  from recorded
), moment as (
  select
    asked.zone,
    asked.viewer_zone,
    asked.now_at,
    asked.as_of_day,
    least(
      asked.now_at,
      coalesce((asked.as_of_day + 1)::timestamp at time zone asked.zone, asked.now_at)
    ) as known_until
  from asked
), dated as (
  select
    moment.zone,
    moment.viewer_zone,
    moment.now_at,
    moment.as_of_day,
    moment.known_until,
    (moment.now_at at time zone moment.zone)::date as today,
    (moment.now_at at time zone moment.viewer_zone)::date as viewer_today,
    coalesce(moment.as_of_day, (moment.now_at at time zone moment.zone)::date) as board_day,
    ((moment.known_until - interval '1 microsecond') at time zone moment.viewer_zone)::date as viewer_day
  from moment
), last_run as (
  select run.run_id, run.batch_count, coalesce(run.ended_at, run.started_at) as computed_at
  from run
  where run.batch_count > 0
  order by run.run_id desc
  limit 1
)
select
  dated.zone,
  dated.viewer_zone,
  dated.now_at,
  dated.as_of_day,
  dated.known_until,
  dated.today,
  dated.viewer_today,
  dated.viewer_day,
  (dated.viewer_day + 1)::timestamp at time zone dated.viewer_zone <= dated.known_until as viewer_day_is_over,
  extract(isoyear from dated.board_day)::integer as year,
  extract(week from dated.board_day)::integer as iso_week,
  dated.board_day - (extract(isodow from dated.board_day)::integer - 1) as week_start,
  dated.viewer_day - (extract(isodow from dated.viewer_day)::integer - 1) as viewer_week_start,
  last_run.computed_at,
  concat_ws('.', dated.as_of_day, last_run.run_id, last_run.batch_count, last_run.computed_at) as revision
from dated
left join last_run on true
