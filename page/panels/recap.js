import { element, empty, list, named, number, personRow } from '../elements.js';
import { count, momentText, plural, rangeText } from '../text.js';

const shown = 4;

export const more = (left) =>
  left > 0 ? element('p', { class: 'quiet' }, `and ${plural(left, 'other')}`) : null;

/** What came of the chosen window: people met, friends of friends, cities. */
export const recap = (view) => {
  if (view.weekly === undefined || view.isNew) return null;
  const { recap: data, week } = view.weekly;
  const span = rangeText(...week.range);
  const parts = [
    element('p', { class: 'quiet' }, `${span}.`, waiting(view)),
    element(
      'dl',
      { class: 'cards' },
      figure('People met', data.first_degree_new.length, 'for the first time'),
      figure('Wider circle', data.second_degree_delta, `friends of friends, ${view.weekText}`, '+'),
    ),
  ];
  if (data.first_degree_new.length > 0) {
    parts.push(
      element('h3', {}, 'You met'),
      list(
        data.first_degree_new.slice(0, shown).map(({ user_id, name, last_tap_at }) =>
          personRow({
            key: user_id,
            name,
            note: `last tap ${momentText(last_tap_at, view.zone, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })}`,
          }),
        ),
      ),
      more(data.first_degree_new.length - shown),
    );
  }
  if (data.second_degree_new.length > 0) {
    parts.push(
      element('h3', {}, 'New in your wider circle'),
      list(
        data.second_degree_new.slice(0, shown).map(({ user_id, name, connected_via }) =>
          personRow({
            key: user_id,
            name,
            note: connected_via === null ? 'through a friend' : ['through ', named(connected_via)],
          }),
        ),
      ),
      more(data.second_degree_new.length - shown),
    );
  }
  if (data.geo_expansion.length > 0) {
    parts.push(
      element('h3', {}, 'New cities'),
      list(
        data.geo_expansion.slice(0, shown).map(({ city, new_taps }) =>
          personRow({
            key: city,
            name: city,
            note: 'your first taps here',
            figure: count(new_taps),
            unit: new_taps === 1 ? 'tap' : 'taps',
          }),
        ),
      ),
      more(data.geo_expansion.length - shown),
    );
  }
  if (parts.length === 2) parts.push(empty('A quiet stretch', 'Tap somebody new and they show up here.'));
  return parts;
};

/** What is not counted yet looks like nothing: it is said. */
const waiting = ({ uncountedTaps, countedUntil, zone }) =>
  uncountedTaps === 0
    ? null
    : ` ${plural(uncountedTaps, 'tap')} since ${momentText(countedUntil, zone)} ${uncountedTaps === 1 ? 'is' : 'are'} not counted yet.`;

const figure = (label, value, note, sign = '') =>
  element(
    'div',
    { class: 'stat' },
    element('dt', {}, label),
    element('dd', {}, sign, number(value, count(value)), element('small', {}, note)),
  );
