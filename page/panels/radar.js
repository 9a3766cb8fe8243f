import { barChart } from '../chart.js';
import { element, list, personRow } from '../elements.js';
import { hourText, momentText, plural } from '../text.js';

const shown = 4;
const hourMs = 3_600_000;

/** The viewer's taps hour by hour, who is around, and what surges nearby. */
export const radar = (view, width) => {
  if (view.radar === undefined) return null;
  const { buckets, top_current_window: now, surges, window, meta } = view.radar;
  const { zone } = view;
  const total = buckets.reduce((sum, { activity_count }) => sum + activity_count, 0);
  const place = meta.city_filter ? [' in ', element('bdi', {}, meta.city_filter)] : '';
  const summary = element(
    'p',
    { class: 'quiet' },
    total === 0 ? 'No tap of yours' : `${plural(total, 'tap')} of yours`,
    place,
    ` in the last ${plural(window.hours, 'hour')}. Times are in ${zone.replaceAll('_', ' ')}.`,
  );
  // Without a bar there is nothing to draw.
  const drawn =
    total > 0 || surges.length > 0
      ? drawingOf(view, width >= 760 ? Math.floor((width - 28) * 0.64) : width)
      : [];
  return [
    element(
      'div',
      { class: 'split' },
      element('div', {}, summary, drawn),
      element(
        'div',
        {},
        element('h3', {}, 'With you in the last hour'),
        now.length === 0
          ? element('p', { class: 'quiet' }, 'Nobody just now.')
          : list(
              now.map(({ user_id, name, count }) =>
                personRow({ key: user_id, name, note: plural(count, 'tap') }),
              ),
            ),
        element('h3', {}, 'Surges nearby'),
        surges.length === 0
          ? element('p', { class: 'quiet' }, 'All calm around you.')
          : list(surges.slice(0, shown).map((surge) => surgeRow(surge, zone))),
      ),
    ),
  ];
};

const surgeRow = ({ area_name, start_time, end_time, surge_multiplier, unique_users }, zone) =>
  element(
    'li',
    { 'data-key': `${area_name} ${start_time}` },
    element(
      'span',
      { class: 'grow' },
      element('span', { class: 'name' }, element('bdi', {}, area_name)),
      element(
        'span',
        { class: 'sub' },
        `${momentText(start_time, zone)} to ${hourText(end_time, zone)}, ${unique_users} or more people`,
      ),
    ),
    element('span', { class: 'figure' }, `×${surge_multiplier}`),
  );

const drawingOf = ({ radar: { buckets, surges }, zone }, width) => {
  const start = Date.parse(buckets[0].ts);
  const hour = (moment) => (Date.parse(moment) - start) / hourMs;
  return barChart({
    chart: 'radar',
    caption: 'Your taps by hour',
    bars: buckets.map(({ ts, activity_count, unique_people }) => ({
      label: buckets.length > 48 ? momentText(ts, zone, { weekday: 'short' }) : hourText(ts, zone),
      text: `${momentText(ts, zone)}: ${plural(activity_count, 'tap')}${activity_count > 0 ? ` with ${plural(unique_people, 'person', 'people')}` : ''}`,
      value: activity_count,
    })),
    spans: surges.map(({ start_time, end_time, surge_multiplier }) => ({
      from: Math.max(0, hour(start_time)),
      to: Math.min(buckets.length, hour(end_time)),
      label: `×${surge_multiplier}`,
    })),
    width,
    height: 220,
    every:
      buckets.length > 48
        ? 24 * Math.ceil(buckets.length / 24 / Math.floor(width / 60))
        : Math.ceil(buckets.length / Math.floor(width / 70)),
  });
};
