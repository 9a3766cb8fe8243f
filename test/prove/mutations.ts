import { convergingSteps } from '../../src/pipeline/meaning.js';
import { loadSteps } from '../../src/pipeline/order.js';
import type { Step } from '../../src/pipeline/step.js';

/** One invalidation rule taken out of one step: stories must notice. */
export interface Mutation {
  readonly name: string;
  apply(steps: Step[]): Step[];
}

/** Changes one step, which must change: an out-of-date mutation would prove nothing. */
const change = (name: string, step: string, apply: (step: Step) => Step): Mutation => ({
  name: `${step}: ${name}`,
  apply: (steps) => {
    const changed = steps.map((one) => (one.name === step ? apply(one) : one));
    if (JSON.stringify(changed) === JSON.stringify(steps))
      throw new Error(`The mutation '${step}: ${name}' changes nothing: its text is out of date.`);
    return changed;
  },
});

const replace = (name: string, step: string, from: string | RegExp, to: string): Mutation =>
  change(name, step, (one) => ({
    ...one,
    select: one.select?.replace(from, to) ?? null,
    stored: one.stored.map((text) => text.replace(from, to)),
    notes: one.notes.map((note) => ({ ...note, select: note.select.replace(from, to) })),
  }));

/** Of every step that keeps a table: what is stored is never looked at, so that nothing is ever taken away. */
const blind = (steps: readonly Step[]): Mutation[] =>
  convergingSteps(steps)
    .filter((step) => step.stored.length > 0)
    .map((step) =>
      change('what should be gone stays', step.name, (one) => ({
        ...one,
        stored: [`from ${one.table} as stored where false`],
      })),
    );

/** Of every note: nobody is told. */
const silent = (steps: readonly Step[]): Mutation[] =>
  convergingSteps(steps).flatMap((step) =>
    step.notes.map((note) =>
      change(`nobody hears of ${note.table}`, step.name, (one) => ({
        ...one,
        notes: one.notes.map((other) =>
          other.table === note.table
            ? { ...other, select: `select silenced.* from (${other.select}) as silenced where false` }
            : other,
        ),
      })),
    ),
  );

export const mutations: readonly Mutation[] = [
  ...blind(loadSteps()),
  ...silent(loadSteps()),
  replace(
    'the old first day is not looked at again',
    'user_day_scope',
    'where old_first_day is distinct from new_first_day and old_first_day is not null',
    'where false',
  ),
  replace(
    'the new first day is not looked at again',
    'user_day_scope',
    'where old_first_day is distinct from new_first_day and new_first_day is not null',
    'where false',
  ),
  replace(
    'of a pair that tapped otherwise one is not counted again',
    'user_day_scope',
    'unnest(array[touched.u1_key, touched.u2_key])',
    'unnest(array[touched.u1_key, touched.u1_key])',
  ),
  replace(
    'of the pairs of a few one side is not counted',
    'user_day_activity',
    'pair.u2_key = own_day.user_key',
    'pair.u2_key = 0',
  ),
  replace(
    'the latest tap of a few is looked for on one side',
    'user_streaks',
    'pair.u2_key = scope_user.user_key',
    'pair.u2_key = 0',
  ),
  replace(
    'the run after a gap is not joined',
    'run_scope',
    'and activity_run.started_on <= flipped.day + 1',
    'and activity_run.started_on <= flipped.day',
  ),
  replace(
    'the run before a gap is not joined',
    'run_scope',
    'and activity_run.ended_on >= flipped.day - 1',
    'and activity_run.ended_on >= flipped.day',
  ),
  replace(
    'streaks broken by time stay',
    'streak_scope',
    'where current_streak_days > 0 and last_active_day < $1::date',
    'where false and last_active_day < $1::date',
  ),
  replace(
    'the second degree sees only new connections',
    'changed_friend',
    'is distinct from week_number(new_first_day)',
    'is distinct from week_number(new_first_day) and old_first_day is null',
  ),
  replace(
    'focus begins with its own change',
    'second_degree_focus',
    '(select min(least(changed_friend.old_week, changed_friend.new_week)) from changed_friend)',
    'min(candidate.from_week)',
  ),
  replace(
    'a new row of a week that is over is no focus',
    'second_degree_focus',
    'week_number(changed_user_day.day) < second_degree.week',
    'false',
  ),
  replace(
    'others are not shifted',
    'second_degree_event',
    'where reached.new_week <> reached.old_week',
    'where false',
  ),
  replace(
    'what was is not taken back',
    'second_degree_event',
    'values (reached.new_week, 1), (reached.old_week, -1)',
    'values (reached.new_week, 1)',
  ),
  replace(
    'whoever was near before comes nearer again',
    'second_degree_gain',
    'unnest(coalesce(list.old_friend_keys, list.friend_keys))',
    "unnest('{}'::integer[])",
  ),
  replace(
    'who became a friend is still a friend of a friend',
    'second_degree_gain',
    'case when met.reached_week < week_number($1::date) then 1 else 0 end',
    '0',
  ),
  replace(
    'who came near and became a friend in one week is still new',
    'second_degree_gain',
    'then -1 else 0',
    'then 0 else 0',
  ),
  replace(
    'two who come near by two new halves do so twice',
    'second_degree_gain',
    'nearer.other_key < one.user_key',
    'false',
  ),
  replace(
    'a connection that moved counts as added',
    'second_degree_added',
    /other\.old_week is not null\s+or /,
    '',
  ),
  replace(
    'lost connections are no path',
    'second_degree_walked',
    'where changed_friend.new_week is null',
    'where false',
  ),
  replace(
    'a list does not follow one end of its connections',
    'friend_list',
    'select u2_key from changed_pair',
    'select u1_key from changed_pair',
  ),
  replace(
    'whoever entered last week enters this week',
    'second_degree',
    'case when second_degree.week = week_number($1::date) then second_degree.second_degree_new_count else 0 end',
    'second_degree.second_degree_new_count',
  ),
  replace(
    'who entered before the first tap of the week is forgotten',
    'user_week_activity',
    'when second_degree.week = week_scope.week then second_degree.second_degree_new_count',
    'when false then 0',
  ),
  replace(
    'shifted weeks are not looked at',
    'week_scope',
    'where second_degree_focus.user_key is null',
    'where false',
  ),
  replace(
    'a run that grew moves no board',
    'board_figure',
    /union\n {2}select changed_run\.user_id[\s\S]*?changed_run\.to_day\)\)\)\n/,
    '',
  ),
  replace(
    'other ranks of the week stay',
    'weekly_leaderboard',
    'where board_figure.user_id is null',
    'where false and board_figure.user_id is null',
  ),
  replace(
    'ties do not decay',
    'edge_strength',
    'where $2::boolean\n    and pair_day.day between',
    'where false and $2::boolean\n    and pair_day.day between',
  ),
  replace(
    'a changed tie is not looked at',
    'edge_strength',
    'where not $2::boolean\n), recent as',
    'where false and not $2::boolean\n), recent as',
  ),
  replace(
    'an erased user keeps a key',
    'forgotten_user',
    'where pair1.u1_key is null',
    'where false and pair1.u1_key is null',
  ),
  replace(
    'a weekend begins on Monday',
    'quest_events',
    'week_start(event_day.week) + 5',
    'week_start(event_day.week)',
  ),
  replace(
    'the weekend of taps and new people begins on Monday',
    'quest_days',
    /week_start\(scope\.week\) \+ 5/g,
    'week_start(scope.week)',
  ),
  replace(
    'a run that ended before the weekend counts on it',
    'quest_streaks',
    'where run.ended_on >= week_start(run.week) + 5',
    'where true',
  ),
  replace(
    'a streak is reached in the last run that is long enough',
    'quest_done',
    'order by activity_run.ended_on',
    'order by activity_run.ended_on desc',
  ),
  replace(
    'the first event completes',
    'quest_completed',
    'numbered.place = numbered.target',
    'numbered.place = 1',
  ),
  replace(
    'a later week of a run is not looked at',
    'quest_scope',
    'week_number(changed_run.from_day) + 1',
    '2147483647',
  ),
  replace(
    'the next day of a pair is not looked at',
    'quest_scope',
    'where line.is_there and line.follows_change',
    'where false',
  ),
  replace(
    'what is known of a pair is forgotten when later days come',
    'pair',
    'where $1::boolean\n) as known',
    'where false and $1::boolean\n) as known',
  ),
  replace(
    'only some of those who met are seen',
    'quest_meeting',
    'week_start(scope_week.week) + 6',
    'week_start(scope_week.week) + 5',
  ),
  replace(
    'who left users stays on frozen days',
    'frozen_tap',
    /join app_user as/g,
    'join (select user_id as id from user_key) as',
  ),
  replace(
    'who left users stays in the places of frozen days',
    'frozen_place',
    /join app_user as/g,
    'join (select user_id as id from user_key) as',
  ),
  replace(
    'the week of the earliest change has no assists',
    'quest_scope_assists',
    'made_week.week >= assist_since.week',
    'made_week.week > assist_since.week',
  ),
];
