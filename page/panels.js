import { barChart, ring } from './chart.js';
import { avatar, count, dayText, element, empty, momentText, nameOf, plural } from './elements.js';

const stat = (label, value, note) =>
  element(
    'div',
    { class: 'stat' },
    element('dt', {}, label),
    element('dd', {}, value, note === undefined ? null : element('small', {}, note)),
  );

const person = (name, note, figure, unit) =>
  element(
    'li',
    {},
    avatar(name),
    element(
      'span',
      { class: 'grow' },
      element('span', { class: 'name' }, nameOf(name)),
      element('span', { class: 'sub' }, note),
    ),
    figure === undefined
      ? null
      : element(
          'span',
          { class: 'figure' },
          figure,
          unit === undefined ? null : element('small', {}, ` ${unit}`),
        ),
  );

const more = (number) =>
  number > 0 ? element('p', { class: 'quiet' }, `and ${plural(number, 'other')}`) : null;

const shown = 4;

export const momentum = ({ momentum: { weekly_goal: goal, ...figures } }) => {
  const left = goal.target_taps - goal.progress;
  return [
    element(
      'div',
      { class: 'stats' },
      element(
        'div',
        { class: 'goal' },
        ring(goal.progress, goal.target_taps),
        element(
          'dl',
          {},
          stat(
            'Weekly goal',
            `${count(goal.progress)} / ${count(goal.target_taps)}`,
            left > 0 ? `${plural(left, 'tap')} to go` : 'Reached. Well done!',
          ),
        ),
      ),
      element(
        'dl',
        {},
        stat('Current streak', plural(figures.current_streak_days, 'day'), 'days in a row with a tap'),
        stat('Longest streak', plural(figures.longest_streak_days, 'day'), 'your record'),
        stat('New connections', count(figures.new_connections), 'met for the first time this week'),
      ),
    ),
  ];
};

export const recap = ({ recap: data }, { zone }) => {
  const parts = [
    element(
      'dl',
      { class: 'cards' },
      stat('New connections', count(data.first_degree_new.length), 'people you met'),
      stat('Wider circle', `+${count(data.second_degree_delta)}`, 'friends of friends this week'),
    ),
  ];
  if (data.first_degree_new.length > 0) {
    parts.push(
      element('h3', {}, 'You met'),
      element(
        'ul',
        { class: 'list' },
        ...data.first_degree_new
          .slice(0, shown)
          .map(({ name, last_tap_at }) =>
            person(
              name,
              `last tap ${momentText(last_tap_at, zone, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })}`,
            ),
          ),
      ),
      more(data.first_degree_new.length - shown),
    );
  }
  if (data.second_degree_new.length > 0) {
    parts.push(
      element('h3', {}, 'New in your wider circle'),
      element(
        'ul',
        { class: 'list' },
        ...data.second_degree_new
          .slice(0, shown)
          .map(({ name, connected_via }) =>
            person(name, connected_via === null ? 'through a friend' : `through ${nameOf(connected_via)}`),
          ),
      ),
      more(data.second_degree_new.length - shown),
    );
  }
  if (data.geo_expansion.length > 0) {
    parts.push(
      element('h3', {}, 'New cities'),
      element(
        'ul',
        { class: 'list' },
        ...data.geo_expansion.map(({ city, new_taps }) =>
          person(city, 'first time here', count(new_taps), new_taps === 1 ? 'tap' : 'taps'),
        ),
      ),
    );
  }
  if (parts.length === 1) parts.push(empty('A quiet stretch', 'Tap somebody new and they show up here.'));
  return parts.filter((part) => part !== null);
};

/** On a phone a chart is drawn narrower, so that its letters are not scaled down with it. */
const isNarrow = () => matchMedia('(max-width: 40rem)').matches;

export const activity = ({ source, recap: { community_activity: days }, meta: { watermark } }) => {
  const total = days.reduce((sum, { taps }) => sum + taps, 0);
  const bars = days.map(({ day, taps }) => ({
    label:
      days.length > 14
        ? dayText(day, { day: 'numeric', month: 'short' })
        : dayText(day, { weekday: 'short' }),
    title: dayText(day),
    value: taps,
    // Sample data is of no day that was counted, and is all there.
    uncounted: source !== 'mock' && (watermark.as_of_day === null || day > watermark.as_of_day),
  }));
  return [
    element(
      'p',
      { class: 'quiet' },
      `${plural(total, 'tap')} in the whole community in ${plural(days.length, 'day')}.${bars.some(({ uncounted }) => uncounted) ? ' A dashed day is not counted yet.' : ''}`,
    ),
    barChart({
      bars,
      unit: 'taps',
      caption: 'Taps of the community by day',
      width: isNarrow() ? 340 : 520,
      height: 250,
      every: Math.ceil(days.length / 7),
    }),
  ];
};

const boardTabs = [
  {
    id: 'new_connections',
    title: 'Connectors',
    field: 'new_first_degree',
    unit: ['new person', 'new people'],
  },
  { id: 'community_builders', title: 'Builders', field: 'delta_second_degree', unit: ['reached', 'reached'] },
  { id: 'streak_masters', title: 'Streaks', field: 'streak_days', unit: ['day', 'days'] },
];

const boardRow = (row, { field, unit }, isMe) => {
  const figure = row[field];
  return element(
    'li',
    { class: isMe ? 'me' : undefined },
    element('span', { class: 'rank' }, row.rank === null ? '–' : `#${count(row.rank)}`),
    avatar(row.name),
    element(
      'span',
      { class: 'grow' },
      element('span', { class: 'name' }, nameOf(row.name)),
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

const boardList = (boards, tab) => {
  const rows = boards[tab.id];
  const me = boards.me[tab.id];
  const isListed = rows.some(({ user_id }) => user_id === me.user_id);
  if (rows.length === 0) return empty('Nobody yet', 'The first tap of the week opens this board.');
  return element(
    'ol',
    { class: 'list' },
    ...rows.map((row) => boardRow(row, tab, row.user_id === me.user_id)),
    isListed ? null : boardRow(me, tab, true),
  );
};

export const boards = ({ leaderboard }) => {
  let scope = leaderboard;
  let chosen = boardTabs[0];
  const panel = element('div', { role: 'tabpanel', id: 'board-panel', tabindex: '0' });
  const tabs = boardTabs.map((tab) =>
    element(
      'button',
      { type: 'button', role: 'tab', id: `tab-${tab.id}`, 'aria-controls': 'board-panel' },
      tab.title,
    ),
  );
  const show = (index, focus) => {
    chosen = boardTabs[index];
    tabs.forEach((button, at) => {
      button.setAttribute('aria-selected', String(at === index));
      button.tabIndex = at === index ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', tabs[index].id);
    panel.replaceChildren(boardList(scope, chosen));
    if (focus) tabs[index].focus();
  };
  tabs.forEach((button, index) => {
    button.addEventListener('click', () => show(index, false));
    button.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[key];
      if (step !== undefined) show((index + step) % tabs.length, true);
      if (key === 'Home') show(0, true);
      if (key === 'End') show(tabs.length - 1, true);
    });
  });
  const parts = [element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Boards' }, ...tabs), panel];
  if (leaderboard.city !== null) {
    const buttons = [
      ['Everybody', leaderboard],
      [leaderboard.city.name, leaderboard.city],
    ].map(([label, boardsOf]) => {
      const button = element('button', { type: 'button', 'aria-pressed': String(boardsOf === scope) }, label);
      button.addEventListener('click', () => {
        scope = boardsOf;
        for (const one of buttons) one.setAttribute('aria-pressed', String(one === button));
        show(boardTabs.indexOf(chosen), false);
      });
      return button;
    });
    parts.unshift(element('div', { class: 'tabs', role: 'group', 'aria-label': 'Among' }, ...buttons));
  }
  show(0, false);
  return parts;
};

export const recommendations = ({ recommendations: people }) =>
  people.length === 0
    ? [empty('Nobody to suggest yet', 'Once you share two connections with somebody, they appear here.')]
    : [
        element(
          'ul',
          { class: 'list' },
          ...people.map(({ name, explain, mutuals, scores }) => {
            const item = person(name, explain, `${Math.round(scores.total * 100)}%`, 'match');
            if (mutuals.length > 0) {
              item
                .querySelector('.grow')
                .append(element('span', { class: 'sub' }, `You both know ${mutuals.map(nameOf).join(', ')}`));
            }
            return item;
          }),
        ),
      ];

const questState = {
  completed: ['Done', 'good'],
  nearly_done: ['Nearly there', 'fair'],
  active: [null, ''],
};

export const quests = ({ quests: list }) =>
  list.length === 0
    ? [empty('No quests this week', 'New ones appear as soon as they are set up.')]
    : [
        element(
          'ul',
          { class: 'list' },
          ...list.map(({ title, description, progress, target, unit, status }, index) => {
            const [text, tone] = questState[status];
            return element(
              'li',
              {},
              element(
                'div',
                { class: 'grow' },
                element('span', { class: 'name', id: `quest-${index}` }, title),
                element('span', { class: 'sub' }, description),
                element('progress', { max: target, value: progress, 'aria-labelledby': `quest-${index}` }),
              ),
              element(
                'span',
                { class: 'figure' },
                `${count(progress)}/${count(target)}`,
                element('small', {}, ` ${unit}`),
                text === null
                  ? null
                  : element('span', { class: 'sub' }, element('span', { class: `chip ${tone}` }, text)),
              ),
            );
          }),
        ),
      ];

const healthWords = {
  excellent: ['Excellent', 'good'],
  good: ['Good', 'good'],
  fair: ['Fair', 'fair'],
  needs_attention: ['Needs attention', 'bad'],
};

const sinceText = (days) =>
  days === 0 ? 'last tap today' : days === 1 ? 'last tap yesterday' : `last tap ${plural(days, 'day')} ago`;

export const health = ({ summary, connections, fading }) => {
  const total = summary.excellent + summary.good + summary.fair + summary.needs_attention;
  const parts = [];
  if (total === 0) parts.push(empty('No ties in the last 90 days', 'A tap starts one.'));
  else {
    parts.push(
      element(
        'p',
        { class: 'quiet' },
        `${plural(total, 'tie')} in the last 90 days: ${count(summary.excellent)} excellent, ${count(summary.good)} good, ${count(summary.fair)} fair, ${count(summary.needs_attention)} in need of attention.`,
      ),
      element(
        'ul',
        { class: 'list' },
        ...connections.slice(0, 5).map((tie) => {
          const [word, tone] = healthWords[tie.health];
          const item = person(
            tie.name,
            `${plural(tie.taps_90d, 'tap')}, ${sinceText(tie.days_since_last_tap)}`,
          );
          item.append(element('span', { class: `chip ${tone}` }, word));
          return item;
        }),
      ),
    );
  }
  if (fading.length > 0) {
    parts.push(
      element('h3', {}, 'Fading'),
      element(
        'ul',
        { class: 'list' },
        ...fading.slice(0, shown).map(({ name, usual_gap_days, days_since_last_tap }) => {
          const usual = usual_gap_days <= 1 ? 'usually every day' : `usually every ${usual_gap_days} days`;
          return person(name, `${usual}, now ${days_since_last_tap}`);
        }),
      ),
      more(fading.length - shown),
    );
  }
  return parts.filter((part) => part !== null);
};

export const radar = ({ buckets, top_current_window: now, surges, window }, { zone }) => {
  const start = Date.parse(buckets[0].ts);
  const hour = (moment) => (Date.parse(moment) - start) / 3_600_000;
  const total = buckets.reduce((sum, { activity_count }) => sum + activity_count, 0);
  const chart = barChart({
    bars: buckets.map(({ ts, activity_count }) => ({
      label: momentText(
        ts,
        zone,
        buckets.length > 48 ? { weekday: 'short', hour: '2-digit' } : { hour: '2-digit', minute: '2-digit' },
      ),
      title: momentText(ts, zone),
      value: activity_count,
    })),
    spans: surges.map(({ start_time, end_time, surge_multiplier, area_name }) => ({
      from: Math.max(0, hour(start_time)),
      to: Math.min(buckets.length, hour(end_time)),
      label: `${area_name} ×${surge_multiplier}`,
    })),
    unit: 'taps',
    caption: 'Your taps by hour',
    width: isNarrow() ? 340 : 760,
    height: 210,
    every: Math.ceil(buckets.length / (isNarrow() ? 4 : 8)),
  });
  const side = element(
    'div',
    {},
    element('h3', {}, 'With you in the last hour'),
    now.length === 0
      ? element('p', { class: 'quiet' }, 'Nobody just now.')
      : element(
          'ul',
          { class: 'list' },
          ...now.map(({ name, count: taps }) => person(name, plural(taps, 'tap'))),
        ),
    element('h3', {}, 'Surges nearby'),
    surges.length === 0
      ? element('p', { class: 'quiet' }, 'All calm around you.')
      : element(
          'ul',
          { class: 'list' },
          ...surges
            .slice(0, shown)
            .map(({ area_name, start_time, end_time, surge_multiplier, unique_users }) =>
              element(
                'li',
                {},
                element(
                  'span',
                  { class: 'grow' },
                  element('span', { class: 'name' }, area_name),
                  element(
                    'span',
                    { class: 'sub' },
                    `${momentText(start_time, zone)} to ${momentText(end_time, zone, { hour: '2-digit', minute: '2-digit' })}, ${unique_users}+ people`,
                  ),
                ),
                element('span', { class: 'figure' }, `×${surge_multiplier}`),
              ),
            ),
        ),
  );
  const summary = element(
    'p',
    { class: 'quiet' },
    total === 0
      ? `No tap of yours in the last ${plural(window.hours, 'hour')}.`
      : `${plural(total, 'tap')} of yours in the last ${plural(window.hours, 'hour')}.`,
  );
  // Without a bar there is nothing to draw.
  const drawn = total > 0 || surges.length > 0 ? [chart] : [];
  return [element('div', { class: 'split' }, element('div', {}, summary, ...drawn), side)];
};
