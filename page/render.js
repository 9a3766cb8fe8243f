import { choice } from './address.js';
import { element, named, plainName } from './elements.js';
import { morph } from './morph.js';
import { activity } from './panels/activity.js';
import { boards } from './panels/boards.js';
import { calendar } from './panels/calendar.js';
import { health } from './panels/health.js';
import { quests } from './panels/quests.js';
import { radar } from './panels/radar.js';
import { recap } from './panels/recap.js';
import { recommendations } from './panels/recommendations.js';
import { todo } from './panels/todo.js';
import { week } from './panels/week.js';
import { welcome } from './panels/welcome.js';
import { dayIn, daysBetween, dayText, hourText, isoWeekOf, momentText, mondayOf, plural } from './text.js';
import { whyOf } from './why.js';

/** Each gives what is in its panel, or null where there is nothing to show and the panel is left out. */
const panels = {
  ...{ welcome, week, todo, calendar, quests, health, boards, recommendations, recap, activity, radar },
};

const byId = (id) => document.getElementById(id);
const dated = { day: 'numeric', month: 'short', year: 'numeric' };

/** Draws everything from a view, changing only what differs from what is shown. */
export const render = (view) => {
  heading(view);
  cities(view);
  // All panels are there before any is measured, so that a chart knows how wide it may be.
  for (const id of Object.keys(panels)) byId(id).hidden = false;
  byId('week').hidden = view.isNew;
  for (const [id, panel] of Object.entries(panels)) {
    const section = byId(id);
    const body = section.querySelector('.body');
    const parts = panel(view, Math.max(200, Math.floor(body.clientWidth)));
    if (parts === null || (id === 'week' && view.isNew)) {
      section.hidden = true;
      continue;
    }
    morph(
      body,
      parts.flat(Infinity).filter((part) => part !== null),
    );
    explain(section, view);
  }
};

const heading = (view) => {
  const { weekly, today, isNew } = view;
  if (weekly === undefined) return;
  const { name } = weekly.leaderboard.me.new_connections;
  const hasName = name.trim() !== '';
  const [before, otherwise] = isNew ? ['Welcome, ', 'Welcome'] : ['The week of ', 'Your week'];
  morph(byId('title'), hasName ? [before, named(name)] : [otherwise]);
  document.title = `${hasName ? before + plainName(name) : otherwise} · Community`;
  const left = 6 - daysBetween(mondayOf(today), today);
  byId('subtitle').textContent =
    `${dayText(today, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })}. Week ${isoWeekOf(today)} ends ${left === 0 ? 'tonight' : left === 1 ? 'tomorrow' : `in ${plural(left, 'day')}`}.`;
  byId('as-of').textContent = countedText(view);
};

const countedText = ({ watermark: { as_of_day, known_until }, countedUntil, zone, today }) => {
  if (countedUntil === null) return '';
  // A day that is over is named; a moment within a day is told with its time.
  const time = hourText(countedUntil, zone);
  if (!known_until || time === '00:00') return `Counted to ${dayText(as_of_day, dated)}`;
  if (dayIn(countedUntil, zone) === today) return `Counted to ${time} today`;
  return `Counted to ${momentText(countedUntil, zone, { ...dated, hour: '2-digit', minute: '2-digit' })}`;
};

/** The city switch offers everywhere, the viewer's own city, and what the address says. */
const cities = ({ weekly }) => {
  const own = weekly?.leaderboard.city;
  const given =
    choice.city === '' || choice.city === own?.query ? [] : [{ name: choice.city, query: choice.city }];
  const offered = [...(own ? [own] : []), ...given];
  const select = byId('switches').elements.city;
  morph(select, [
    element('option', { value: '' }, 'everywhere'),
    ...offered.map(({ name, query }) => element('option', { value: query }, plainName(name))),
  ]);
  select.value = choice.city;
  select.closest('label').hidden = offered.length === 0;
};

/** Under a panel's title: how what it shows is counted. */
const explain = (section, { weekly, quests: questAnswer, radar: radarAnswer, health: healthAnswer }) => {
  const topics = section.dataset.why?.split(' ') ?? [];
  if (topics.length === 0) return;
  const answers = [weekly, questAnswer, radarAnswer, healthAnswer];
  const sentences = topics.map((topic) =>
    whyOf(
      topic,
      answers.find((answer) => answer?.meta.why?.[topic]),
    ),
  );
  let box = section.querySelector('.why');
  if (box === null) {
    const about = element(
      'span',
      { class: 'hidden-text' },
      ` How ${section.querySelector('h2').textContent} is counted`,
    );
    box = element('details', { class: 'why' }, element('summary', {}, 'Why?', about), element('div', {}));
    section.querySelector('h2').after(box);
  }
  morph(
    box.querySelector('div'),
    sentences.map((sentence) => element('p', {}, sentence)),
  );
};
