-- The days of which the times of a user's taps matter: all of the window where a target of the metrics taps or
-- active_days was reached; of a streak, the one on which it was. Where a clock is set back over midnight, a date may
-- come after the next one has begun: there the date beside it too.
--! reads: quest_done
--! writes: quest_done_day
--! grain: user_key, day
--! params: zone
--! spread: by_user
select done_day.user_key, week_number(done_day.day) as week, done_day.day, bool_or(done_day.is_every_tap) as is_every_tap
from (
  select quest_done.user_key, quest_done.from_day + day_no.day_no as day, quest_done.metric = 'taps' as is_every_tap
  from quest_done
  cross join lateral generate_series(0, week_start(quest_done.week) + 6 - quest_done.from_day) as day_no (day_no)
  where quest_done.metric in ('taps', 'active_days')
  union all
  select quest_done.user_key, quest_done.reached_day, false
  from quest_done
  where quest_done.metric = 'streak_days'
  union all
  select quest_done.user_key, quest_done.beside_day, false
  from quest_done
  where quest_done.metric = 'streak_days'
    and (greatest(quest_done.reached_day, quest_done.beside_day) + time '12:00') at time zone $1::text
      - (least(quest_done.reached_day, quest_done.beside_day) + time '12:00') at time zone $1::text > interval '24 hours'
) as done_day
group by done_day.user_key, done_day.day
