import { element, named, namesOf } from '../elements.js';
import { agoText, count, hourText, lastingText, plural, untilMidnight } from '../text.js';
import { fadingTies } from './health.js';
import { openQuests } from './quests.js';
import { isAtRisk } from './week.js';

const most = 5;

/** What to do now: whatever is most urgent of each kind, what has the least time left first. */
export const todo = (view) => {
  const deeds = [
    streakDeed(view),
    ...surgeDeeds(view).slice(0, 1),
    ...questDeeds(view).slice(0, 1),
    ...tieDeeds(view).slice(0, 2),
    ...meetingDeeds(view).slice(0, 2),
    ...questDeeds(view).slice(1, 2),
  ]
    .filter((deed) => deed !== null)
    .slice(0, most);
  if (deeds.length === 0) {
    return [
      element(
        'div',
        { class: 'empty' },
        element('strong', {}, 'Nothing is pressing'),
        'No tie fades and no quest is near its end. A good day to meet somebody new.',
      ),
    ];
  }
  return [element('ul', { class: 'deeds' }, deeds.map(deedRow))];
};

const deedRow = ({ key, icon, what, why, left, link }) =>
  element(
    'li',
    { 'data-key': key },
    element('span', { class: `deed-icon ${key.split(' ')[0]}`, 'aria-hidden': 'true' }, icon),
    element(
      'span',
      { class: 'grow' },
      element('a', { class: 'deed', href: `#${link}` }, what),
      element('span', { class: 'sub' }, why),
    ),
    left === undefined ? null : element('span', { class: 'chip due' }, left),
  );

const streakDeed = (view) => {
  if (!isAtRisk(view)) return null;
  return {
    key: 'streak',
    icon: '●',
    what: `Keep your streak of ${plural(view.streakDays, 'day')}`,
    why: 'One tap with anybody is enough.',
    left: `${lastingText(untilMidnight(view.now, view.zone))} left`,
    link: 'calendar',
  };
};

const surgeDeeds = ({ radar, now, zone }) =>
  (radar?.surges ?? [])
    // A window ends with its last full hour: it may well go on after it.
    .filter(({ end_time }) => Date.parse(end_time) > now - 2 * 3_600_000)
    .map(({ area_name, start_time, surge_multiplier, unique_users, end_time }) => {
      const isOn = Date.parse(end_time) > now;
      const since = hourText(start_time, zone);
      return {
        key: `surge ${area_name} ${start_time}`,
        icon: '↗',
        what: [element('bdi', {}, area_name), isOn ? ' is busy' : ' was busy just now'],
        why: `×${surge_multiplier} of the usual, ${plural(unique_users, 'person', 'or more people')} ${isOn ? `since ${since}` : `from ${since} to ${hourText(end_time, zone)}`}.`,
        left: isOn ? 'now' : undefined,
        link: 'radar',
      };
    });

const questDeeds = (view) =>
  openQuests(view)
    // What is over can't be done any more, as long as its week is the newest that is counted.
    .filter(({ ends_at }) => view.weeksAhead >= 0 && !(ends_at && Date.parse(ends_at) <= view.now))
    // Somebody new has begun none: the shortest ways to a first one are shown.
    .filter(({ progress }) => progress > 0 || view.isNew)
    .map((quest) => {
      const missing = quest.target - quest.progress;
      return {
        key: `quest ${quest.id}`,
        icon: '★',
        // What another day had does not count for today.
        ...(quest.window === 'day'
          ? {
              what: `${quest.title}: ${count(quest.target)} ${quest.unit} in a day`,
              why: `Your best day so far: ${count(quest.progress)}. ${quest.description}`,
            }
          : {
              what: `${quest.title}: ${count(missing)} to go`,
              why: `${count(quest.progress)} of ${count(quest.target)} ${quest.unit}. ${quest.description}`,
            }),
        left: quest.ends_at ? `${lastingText(Date.parse(quest.ends_at) - view.now)} left` : undefined,
        link: 'quests',
      };
    });

const tieDeeds = (view) =>
  fadingTies(view).map(({ key, name, silence, usual, left }) => ({
    key: `tie ${key}`,
    icon: '♥',
    what: ['Tap ', named(name), ' again'],
    why: `${usual}; last tap ${agoText(silence)}.`,
    left,
    link: 'health',
  }));

const meetingDeeds = ({ weekly, metOn }) =>
  (weekly?.recommendations ?? [])
    .filter(({ user_id }) => !metOn.has(user_id))
    .map(({ user_id, name, mutuals, explain }) => ({
      key: `meet ${user_id}`,
      icon: '+',
      what: ['Meet ', named(name)],
      why:
        mutuals.length === 0
          ? explain
          : ['Ask ', namesOf(mutuals.slice(0, 2), ' or '), ` to introduce you. ${explain}`],
      link: 'recommendations',
    }));
