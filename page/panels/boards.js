import { choice } from '../address.js';
import { avatar, element, empty, named } from '../elements.js';
import { beginning, count } from '../text.js';

const tabs = [
  {
    id: 'new_connections',
    title: 'Connectors',
    field: 'new_first_degree',
    unit: ['new person', 'new people'],
  },
  { id: 'community_builders', title: 'Builders', field: 'delta_second_degree', unit: ['reached', 'reached'] },
  { id: 'streak_masters', title: 'Streaks', field: 'streak_days', unit: ['day', 'days'] },
];

/** The boards of the answer's week, among everybody or, where that city is chosen, among those of the viewer's own. */
export const boards = ({ weekly, weeksAhead, weekText }) => {
  if (weekly === undefined) return null;
  const { leaderboard } = weekly;
  const isCity = leaderboard.city !== null && choice.city === leaderboard.city.query;
  const tab = tabs.find(({ id }) => id === choice.board);
  return [
    element(
      'p',
      { class: 'quiet' },
      `${weeksAhead === 0 ? 'Since Monday' : beginning(weekText)}, among `,
      isCity ? ['people of ', element('bdi', {}, leaderboard.city.name)] : 'everybody',
      '.',
    ),
    element(
      'div',
      { class: 'tabs', role: 'tablist', 'aria-label': 'Boards' },
      tabs.map(({ id, title }) =>
        element(
          'button',
          {
            type: 'button',
            role: 'tab',
            id: `tab-${id}`,
            'data-choose': 'board',
            'data-value': id,
            'aria-controls': 'board-panel',
            // In words: false as a word, not as the lack of one.
            'aria-selected': String(id === tab.id),
            tabindex: id === tab.id ? 0 : -1,
          },
          title,
        ),
      ),
    ),
    element(
      'div',
      { role: 'tabpanel', id: 'board-panel', tabindex: '0', 'aria-labelledby': `tab-${tab.id}` },
      rowsOf(isCity ? leaderboard.city : leaderboard, tab),
    ),
  ];
};

const rowsOf = (board, tab) => {
  const rows = board[tab.id];
  const me = board.me[tab.id];
  if (rows.length === 0) return empty('Nobody yet', 'The first tap of the week opens this board.');
  const isListed = rows.some(({ user_id }) => user_id === me.user_id);
  return element(
    'ol',
    { class: 'list board' },
    rows.map((row) => rowOf(row, tab, row.user_id === me.user_id)),
    isListed ? null : rowOf(me, tab, true),
  );
};

const rowOf = (row, { field, unit }, isMe) => {
  const figure = row[field];
  return element(
    'li',
    { class: isMe ? 'me' : undefined, 'data-key': row.user_id },
    element('span', { class: 'rank' }, row.rank === null ? '–' : `#${count(row.rank)}`),
    avatar(row.name),
    element(
      'span',
      { class: 'grow' },
      element('span', { class: 'name' }, named(row.name)),
      isMe ? element('span', { class: 'sub' }, row.rank === null ? 'You: not placed yet' : 'You') : null,
    ),
    element(
      'span',
      { class: 'figure' },
      count(figure),
      element('small', {}, ` ${unit[figure === 1 ? 0 : 1]}`),
    ),
  );
};
