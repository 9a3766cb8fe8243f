import { element, empty } from '../elements.js';
import { count, lastingText, momentText, plural } from '../text.js';

const shareOf = ({ progress, target }) => progress / target;

/** The quests that are not done, nearest to done first. */
export const openQuests = ({ quests }) =>
  (quests?.quests ?? [])
    .filter(({ status }) => status !== 'completed')
    .sort(
      (one, other) =>
        shareOf(other) - shareOf(one) || one.target - one.progress - other.target + other.progress,
    );

export const quests = (view) => {
  if (view.quests === undefined) return null;
  const done = view.quests.quests.filter(({ status }) => status === 'completed');
  const all = [...openQuests(view), ...done];
  if (all.length === 0)
    return [empty(`No quests ${view.weekText}`, 'New ones appear as soon as they are set up.')];
  return [
    element(
      'p',
      { class: 'quiet' },
      `${count(done.length)} of ${plural(all.length, 'quest')} done ${view.weekText}.`,
    ),
    element(
      'ul',
      { class: 'list quests' },
      all.map((quest) => questRow(view, quest)),
    ),
  ];
};

const questRow = ({ now, zone }, { id, title, description, progress, target, unit, status, ...quest }) =>
  element(
    'li',
    { 'data-key': id, class: status },
    element(
      'div',
      { class: 'quest-head' },
      element('span', { class: 'name', id: `quest-${id}` }, title),
      element(
        'span',
        { class: 'figure' },
        `${count(progress)}/${count(target)}`,
        element('small', {}, ` ${unit}`),
      ),
    ),
    element('progress', { max: target, value: progress, 'aria-labelledby': `quest-${id}` }),
    element(
      'div',
      { class: 'quest-head' },
      element('span', { class: 'sub' }, description),
      status === 'completed'
        ? element(
            'span',
            { class: 'chip good' },
            quest.completed_at ? `Done ${momentText(quest.completed_at, zone)}` : 'Done',
          )
        : quest.ends_at && Date.parse(quest.ends_at) > now
          ? element(
              'span',
              { class: `chip ${status === 'nearly_done' ? 'due' : ''}` },
              `${lastingText(Date.parse(quest.ends_at) - now)} left`,
            )
          : status === 'nearly_done' && !quest.ends_at
            ? element('span', { class: 'chip due' }, 'Nearly there')
            : null,
    ),
  );
