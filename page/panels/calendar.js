import { readable } from '../chart.js';
import { element, shape } from '../elements.js';
import { addDays, count, dayIn, daysBetween, dayText, mondayOf, plural } from '../text.js';

const gap = 2;
const top = 18;
const weekdays = 30;

/** A year of days at a glance. Left out where the answer has none. */
export const calendar = (view, width) => {
  if (view.calendar === undefined || view.isNew) return null;
  const { start, end, days } = view.calendar;
  const taps = new Map(days.map((day) => [day.day, day.taps]));
  const from = mondayOf(start);
  const weeks = Math.ceil((daysBetween(from, end) + 1) / 7);
  // Where a year of columns would be too fine to see, it is drawn in two or three rows.
  const rows = width >= 620 ? 1 : width >= 280 ? 2 : 3;
  const perRow = Math.ceil(weeks / rows);
  const size = Math.min(25, Math.floor((width - weekdays) / perRow) - gap);
  const levelOf = levels(days.map((day) => day.taps));
  const marks = [];
  const drawings = Array.from({ length: rows }, (_, row) => {
    const first = addDays(from, row * perRow * 7);
    const drawing = shape('svg', {
      class: 'year',
      width: weekdays + perRow * (size + gap),
      height: top + 7 * (size + gap),
      'aria-hidden': 'true',
    });
    ['Mon', 'Wed', 'Fri'].forEach((name, index) => {
      drawing.append(shape('text', { x: 0, y: top + (2 * index + 0.8) * (size + gap) - gap / 2 }, name));
    });
    let labelled = -4;
    for (let index = 0; index < perRow * 7; index += 1) {
      const day = addDays(first, index);
      if (day > end) break;
      if (day < start) continue;
      const column = Math.floor(index / 7);
      const x = weekdays + column * (size + gap);
      if (day.endsWith('-01') && column - labelled >= 3 && column < perRow - 1) {
        drawing.append(shape('text', { x, y: 11 }, dayText(day, { month: 'short' })));
        labelled = column;
      }
      const number = taps.get(day) ?? 0;
      const mark = shape('rect', {
        class: `day level-${levelOf(number)}${day === view.today ? ' today' : ''}`,
        x: x + 0.5,
        y: top + (index % 7) * (size + gap) + 0.5,
        width: size - 1,
        height: size - 1,
        rx: Math.min(3, size / 4),
        'data-text': `${dayText(day, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })}: ${number === 0 ? (isUncounted(view, day) ? 'not counted yet' : 'no tap') : plural(number, 'tap')}`,
      });
      marks.push(mark);
      drawing.append(mark);
    }
    return drawing;
  });
  const total = days.reduce((sum, day) => sum + day.taps, 0);
  return [
    element(
      'p',
      { class: 'quiet' },
      `${plural(days.length, 'day')} with a tap, ${plural(total, 'tap')} since ${dayText(start, { day: 'numeric', month: 'short', year: 'numeric' })}. The longest streak ever: ${plural(view.weekly.momentum.longest_streak_days, 'day')}.`,
    ),
    ...readable({
      chart: 'calendar',
      caption: 'Your taps by day in the last year',
      marks,
      drawing: element('div', { class: 'years' }, drawings),
    }),
    legend(levelOf.bounds),
  ];
};

const isUncounted = ({ countedUntil, zone }, day) =>
  countedUntil !== null && day > dayIn(countedUntil - 1, zone);

/** Four shades: up to a quarter, half, three quarters of the active days, and the rest. */
const levels = (figures) => {
  const sorted = [...figures].sort((one, other) => one - other);
  const bounds = [
    ...new Set([0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 1)),
  ];
  const levelOf = (number) => (number === 0 ? 0 : 1 + bounds.filter((bound) => number > bound).length);
  return Object.assign(levelOf, { bounds });
};

const legend = (bounds) =>
  element(
    'p',
    { class: 'legend quiet', 'aria-hidden': 'true' },
    'none',
    ...Array.from({ length: bounds.length + 2 }, (_, level) =>
      shape(
        'svg',
        { width: 14, height: 14 },
        shape('rect', { class: `day level-${level}`, x: 0.5, y: 0.5, width: 12, height: 12, rx: 3 }),
      ),
    ),
    `more than ${count(bounds.at(-1) ?? 1)}`,
  );
