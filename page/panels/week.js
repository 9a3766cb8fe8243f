import { ring } from '../chart.js';
import { element, number } from '../elements.js';
import { beginning, count, daysBetween, lastingText, mondayOf, plural, untilMidnight } from '../text.js';

/** My week in one glance: how far the goal is, the streak and what keeps it alive, and the places on the boards. */
export const week = (view) => {
  if (view.weekly === undefined) return null;
  const { momentum, leaderboard } = view.weekly;
  const { weekly_goal: goal } = momentum;
  const { weeksAhead, weekText } = view;
  // Of the viewer's week nothing is counted as long as the answers are of the one before.
  const progress = weeksAhead < 0 ? 0 : goal.progress;
  const left = goal.target_taps - progress;
  const days = 7 * (1 + Math.max(0, weeksAhead)) - daysBetween(mondayOf(view.today), view.today);
  return [
    element(
      'div',
      { class: 'glance' },
      element(
        'div',
        { class: 'goal' },
        ring(progress, goal.target_taps),
        element(
          'div',
          { class: 'grow' },
          element(
            'p',
            { class: 'lead' },
            element(
              'span',
              { class: 'hidden-text' },
              `Weekly goal: ${progress} of ${goal.target_taps} taps. `,
            ),
            left > 0 ? [number(left, count(left)), ` more ${left === 1 ? 'tap' : 'taps'}`] : 'Goal reached!',
          ),
          element(
            'p',
            { class: 'quiet' },
            left > 0
              ? `to ${weeksAhead > 0 ? 'next' : 'this'} week’s goal, in ${days === 1 ? 'what is left of today' : plural(days, 'day')}.`
              : 'Everything from here on is a bonus.',
          ),
          weeksAhead < 0
            ? element(
                'p',
                { class: 'quiet' },
                `${beginning(weekText)}: ${count(goal.progress)} of ${plural(goal.target_taps, 'tap')}.`,
              )
            : null,
          view.uncountedTaps > 0
            ? element('p', { class: 'chip waiting' }, `+${plural(view.uncountedTaps, 'tap')} not counted yet`)
            : null,
        ),
      ),
      element('div', { class: 'streak' }, streakParts(view, momentum)),
      element(
        'div',
        {},
        weeksAhead === 0 ? null : element('p', { class: 'quiet' }, `Your places ${weekText}:`),
        element(
          'ul',
          { class: 'places' },
          boards.map((board) => placeOf(board, leaderboard.me[board.id], weeksAhead)),
        ),
      ),
    ),
  ];
};

const streakParts = (view, { longest_streak_days: longest }) => {
  const { streakDays: days } = view;
  return [
    element(
      'p',
      { class: 'lead' },
      flame(days > 0),
      number(days, count(days)),
      ` ${days === 1 ? 'day' : 'days'} in a row`,
    ),
    element('p', { class: isAtRisk(view) ? 'quiet risk' : 'quiet' }, keepingText(view, days)),
    longest > days
      ? element('p', { class: 'quiet' }, `Your record: ${plural(longest, 'day')}.`)
      : days > 1
        ? element('p', { class: 'quiet' }, 'That is your record.')
        : null,
  ];
};

export const isAtRisk = ({ streakDays, hasTappedToday, isStreakKnown }) =>
  streakDays > 0 && hasTappedToday === false && isStreakKnown;

const keepingText = (view, days) => {
  if (!view.isStreakKnown) return 'A tap a day keeps it alive.';
  const left = lastingText(untilMidnight(view.now, view.zone));
  if (isAtRisk(view)) return `Tap somebody before midnight to keep it: ${left} left.`;
  if (days === 0 && view.hasTappedToday) return 'Today’s tap begins a streak as soon as it is counted.';
  if (days === 0 && view.hasTappedYesterday)
    return 'Yesterday’s tap begins a streak as soon as it is counted, and a tap today goes on with it.';
  if (days === 0) return 'A tap today begins a streak.';
  if (view.countedToday) return 'Today counts already: it is safe until tomorrow at midnight.';
  return 'You tapped today, so it goes on.';
};

const flame = (isLit) =>
  element('span', { class: isLit ? 'flame lit' : 'flame', 'aria-hidden': 'true' }, isLit ? '●' : '○');

const boards = [
  {
    id: 'new_connections',
    title: 'Connectors',
    field: 'new_first_degree',
    unit: ['new person', 'new people'],
  },
  { id: 'community_builders', title: 'Builders', field: 'delta_second_degree', unit: ['reached', 'reached'] },
  { id: 'streak_masters', title: 'Streaks', field: 'streak_days', unit: ['day', 'days'] },
];

const placeOf = ({ title, field, unit, id }, { rank, rank_last_week: before, [field]: figure }, weeksAhead) =>
  element(
    'li',
    { 'data-key': id },
    element('span', { class: 'place' }, rank === null ? '–' : ['#', number(rank, count(rank))]),
    element('span', { class: 'place-board' }, title),
    element('span', { class: 'sub' }, `${count(figure)} ${unit[figure === 1 ? 0 : 1]}`),
    weeksAhead === 0 ? movement(rank, before) : null,
  );

/** How a rank moved since last week; nothing where the answer does not say. */
const movement = (rank, before) => {
  if (before === undefined) return null;
  if (rank === null && before === null) return null;
  if (before === null) return element('span', { class: 'moved good' }, 'new this week');
  if (rank === null) return element('span', { class: 'moved quiet' }, `#${count(before)} last week`);
  if (rank === before) return element('span', { class: 'moved quiet' }, 'as last week');
  const up = rank < before;
  return element(
    'span',
    { class: `moved ${up ? 'good' : 'quiet'}` },
    element('span', { 'aria-hidden': 'true' }, up ? '▲ ' : '▼ '),
    `${up ? 'up' : 'down'} ${count(Math.abs(before - rank))}`,
    element('span', { class: 'hidden-text' }, ' since last week'),
  );
};
