import type { Step } from '../../src/pipeline/step.js';

/** One invalidation rule taken out of one step: stories must notice. */
export interface Mutation {
  readonly name: string;
  apply(steps: Step[]): Step[];
}

const replace = (name: string, step: string, from: string | RegExp, to: string): Mutation => ({
  name: `${step}: ${name}`,
  apply: (steps) =>
    steps.map((one) => {
      if (one.name !== step) return one;
      const text = one.text.replace(from, to);
      if (text === one.text)
        throw new Error(`The mutation '${step}: ${name}' changes nothing: its text is out of date.`);
      return { ...one, text };
    }),
});

export const mutations: readonly Mutation[] = [
  replace('a vanished pair day is left behind', 'pair_day', 'and compared.tap_count is null', 'and false'),
  replace('an edited pair day is not updated', 'pair_day', 'and compared.is_stored', 'and false'),
  replace(
    'changed pair days are not passed on when a day vanished',
    'pair_day',
    'where compared.differs or batch_day.forced',
    'where compared.tap_count is not null and compared.differs',
  ),
  replace(
    'a vanished pair stays',
    'pair',
    'where compared.first_day is null\n    and',
    'where false\n    and',
  ),
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
    'a vanished user day stays',
    'user_day_activity',
    'where compared.tap_count is null\n    and',
    'where false\n    and',
  ),
  replace(
    'the run after a gap is not joined',
    'activity_run',
    'and activity_run.started_on <= flipped.day + 1',
    'and activity_run.started_on <= flipped.day',
  ),
  replace(
    'the run before a gap is not joined',
    'activity_run',
    'and activity_run.ended_on >= flipped.day - 1',
    'and activity_run.ended_on >= flipped.day',
  ),
  replace(
    'streaks broken by time stay',
    'user_streaks',
    'where current_streak_days > 0 and last_active_day < $2::date',
    'where false and last_active_day < $2::date',
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
    'where path.old_week < 2147483647',
    'where false',
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
    'a connection that moved counts as added',
    'second_degree_added',
    'other.old_week is not null\n        or',
    '',
  ),
  replace(
    'lost connections are no path',
    'second_degree_list',
    'where changed_friend.new_week is null',
    'where false',
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
    'when second_degree.week = scope.week then second_degree.second_degree_new_count',
    'when false then 0',
  ),
  replace(
    'a vanished week stays',
    'user_week_activity',
    'where compared.tap_count is null\n    and',
    'where false\n    and',
  ),
  replace(
    'shifted weeks are not looked at',
    'user_week_activity',
    'where second_degree_focus.user_key is null',
    'where false',
  ),
  replace(
    'a run that grew moves no board',
    'board_week',
    /union\n {2}select changed_run\.user_id[\s\S]*?changed_run\.to_day\n/,
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
    'where not $2::boolean\n), fresh as',
    'where false and not $2::boolean\n), fresh as',
  ),
  replace(
    'a tie out of the window stays',
    'edge_strength',
    'where compared.taps_90d is null\n    and',
    'where false\n    and',
  ),
  replace(
    'an erased user keeps a key',
    'forgotten_user',
    'and target.user_key = unpaired.user_key',
    'and target.user_key = unpaired.user_key and false',
  ),
  replace('a weekend begins on Monday', 'quest_total', 'where event.day >= event.from_day', 'where true'),
  replace(
    'only some of those who met are seen',
    'quest_meeting',
    'week_start(scope_week.week) + 6',
    'week_start(scope_week.week) + 5',
  ),
  replace(
    'the week of the earliest change has no assists',
    'quest_scope_assists',
    'made_week.week >= since.week',
    'made_week.week > since.week',
  ),
  replace('strangers are not remembered', 'unknown_user_day', 'where stored.day is null', 'where false'),
];
