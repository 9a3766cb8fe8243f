import { element, empty, list, namesOf, personRow } from '../elements.js';

/** People to meet, and why. */
export const recommendations = ({ weekly, isNew }) => {
  if (weekly === undefined || isNew) return null;
  const people = weekly.recommendations;
  if (people.length === 0) {
    return [
      empty('Nobody to suggest yet', 'Once you share two connections with somebody, they appear here.'),
    ];
  }
  return [
    list(
      people.map(({ user_id, name, explain, mutuals }) =>
        personRow({
          key: user_id,
          name,
          note: [
            explain,
            mutuals.length === 0
              ? null
              : element('span', { class: 'sub' }, 'You both know ', namesOf(mutuals)),
          ],
        }),
      ),
    ),
  ];
};
