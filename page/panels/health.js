import { element, empty, list, personRow } from '../elements.js';
import { agoText, count, dayText, plural } from '../text.js';
import { more } from './recap.js';

const words = {
  excellent: ['Excellent', 'good'],
  good: ['Good', 'good'],
  fair: ['Fair', 'fair'],
  needs_attention: ['Needs attention', 'bad'],
};

/** A tie has no strength left this many days after its last tap. */
const memoryDays = 90;

const usualText = (days) =>
  days <= 1 ? 'usually every day' : `usually every ${count(Math.round(days * 10) / 10)} days`;

/** Ties that fade or soon will, those with the least time left first; whoever was met lately is out of danger. */
export const fadingTies = (view) => {
  const tieOf = (tie) => ({
    key: tie.other_user_id,
    name: tie.name,
    silence: view.silence(tie),
    usual: usualText(tie.usual_gap_days),
  });
  const inDanger = ({ other_user_id }) => !view.metOn.has(other_user_id);
  const cooling = (view.health?.cooling ?? []).filter(inDanger).map((tie) => {
    // With none left on the as-of day the tie fades on the next one.
    const days = 1 + tie.days_left - (view.silence(tie) - tie.days_since_last_tap);
    const left = days > 1 ? `fades in ${plural(days, 'day')}` : days === 1 ? 'fades tomorrow' : 'fades today';
    return { tie, days, left };
  });
  const soon = cooling.filter(({ days }) => days >= 0).map(({ tie, left }) => ({ ...tieOf(tie), left }));
  const since = cooling.filter(({ days }) => days < 0).map(({ tie }) => tie);
  const already = [...since, ...(view.health?.fading ?? []).filter(inDanger)].map((tie) => {
    const days = memoryDays - view.silence(tie);
    return { ...tieOf(tie), left: days > 0 ? `${plural(days, 'day')} left` : 'long ago' };
  });
  const alive = already.filter(({ silence }) => silence < memoryDays);
  const gone = already.filter(({ silence }) => silence >= memoryDays);
  return [...soon, ...alive.sort((one, other) => other.silence - one.silence), ...gone];
};

export const health = (view) => {
  if (view.health === undefined || view.isNew) return null;
  const { summary, connections, attention, as_of } = view.health;
  const total = summary.excellent + summary.good + summary.fair + summary.needs_attention;
  const fading = fadingTies(view);
  if (total === 0 && fading.length === 0) return [empty('No ties in the last 90 days', 'A tap starts one.')];
  const shownIds = new Set(fading.slice(0, 4).map(({ key }) => key));
  const weak = (attention ?? connections.filter((tie) => tie.health === 'needs_attention'))
    .filter(({ other_user_id }) => !shownIds.has(other_user_id))
    .slice(0, 3);
  return [
    element(
      'p',
      { class: 'quiet' },
      `${plural(total, 'tie')} in the 90 days to ${dayText(as_of, { day: 'numeric', month: 'short', year: 'numeric' })}.`,
    ),
    total === 0 ? null : spread(summary, total),
    ...section(
      'Fading',
      fading.slice(0, 4).map(({ key, name, usual, silence, left }) =>
        personRow({
          key,
          name,
          note: `${usual}; last tap ${agoText(silence)}`,
          end: element('span', { class: 'chip due' }, left),
        }),
      ),
      more(fading.length - 4),
    ),
    ...section(
      'Need attention',
      weak.map((tie) => tieRow(view, tie)),
      more(summary.needs_attention - weak.length),
    ),
    ...section(
      'Strongest',
      connections
        .filter((tie) => tie.health !== 'needs_attention')
        .slice(0, 3)
        .map((tie) => tieRow(view, tie)),
    ),
  ].filter((part) => part !== null);
};

const section = (title, rows, after = null) =>
  rows.length === 0 ? [] : [element('h3', {}, title), list(rows), after];

const tieRow = (view, tie) => {
  const [word, tone] = words[tie.health];
  return personRow({
    key: tie.other_user_id,
    name: tie.name,
    note: `${plural(tie.taps_90d, 'tap')}; last tap ${agoText(view.silence(tie))}`,
    end: element('span', { class: `chip ${tone}` }, word),
  });
};

/** How many ties of each kind, as one bar and in words. */
const spread = (summary, total) =>
  element(
    'dl',
    { class: 'spread' },
    Object.entries(words).map(([kind, [word, tone]]) =>
      element(
        'div',
        { class: tone, 'data-key': kind },
        element('dt', {}, word),
        element(
          'dd',
          {},
          count(summary[kind]),
          element('meter', {
            min: 0,
            max: total,
            value: summary[kind],
            'aria-label': `${word}, of all ties`,
          }),
        ),
      ),
    ),
  );
