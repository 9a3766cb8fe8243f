import { element } from '../elements.js';
import { plural } from '../text.js';

/** For somebody who never tapped: what will appear when, instead of zeros. */
export const welcome = (view) => {
  if (!view.isNew) return null;
  const goal = view.weekly.momentum.weekly_goal.target_taps;
  const hasTapped = view.uncountedTaps > 0;
  const steps = [
    [
      hasTapped ? 'Your first tap is in' : 'With your first tap',
      `Your streak, your first connection and your way to the weekly goal of ${plural(goal, 'tap')}.${hasTapped ? ' They appear as soon as it is counted.' : ''}`,
      hasTapped,
    ],
    ['When you meet somebody new', 'You get a place on the week’s boards, and quests move.', false],
    [
      'When you share two connections with somebody',
      'We suggest people to meet, and who could introduce you.',
      false,
    ],
    [
      'After three days with the same person',
      'We notice when a tie begins to fade, and tell you in time.',
      false,
    ],
  ];
  return [
    element('p', { class: 'welcome-text' }, 'Tap phones with somebody to begin. This is what will be here:'),
    element(
      'ol',
      { class: 'steps' },
      steps.map(([when, what, isDone]) =>
        element(
          'li',
          { class: isDone ? 'done' : undefined },
          element('strong', {}, when),
          element('span', { class: 'sub' }, what),
        ),
      ),
    ),
  ];
};
