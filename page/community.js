import { choice, choose, userId } from './address.js';
import { ask, asking } from './api.js';
import { element } from './elements.js';
import { morph } from './morph.js';
import { listenToReaders } from './reading.js';
import { render } from './render.js';
import { hourText } from './text.js';
import { viewOf } from './view.js';

const byId = (id) => document.getElementById(id);
const pollMs = 15_000;

/** The newest answer to each question, and what is wrong with those that have none newer. */
const answers = {};
const troubles = {};
/** How far the server's clock is ahead of this one, in milliseconds. */
let clockOffset = 0;
let lastAnsweredAt = null;
/** An answer that was overtaken by another to the same question is not heard. */
const asked = Object.fromEntries(asking.map((question) => [question, 0]));

const refresh = async (question) => {
  asked[question] += 1;
  const turn = asked[question];
  try {
    const answer = await ask(question);
    if (turn !== asked[question]) return;
    const moment = answer.generated_at ?? answer.window?.end;
    if (answer !== answers[question] && moment !== undefined) clockOffset = Date.parse(moment) - Date.now();
    answers[question] = answer;
    lastAnsweredAt = Date.now();
    delete troubles[question];
    // A link of before has the bare name of the viewer's own city: asked for by that, the radar takes the largest one.
    const own = answer.leaderboard?.city;
    if (own && choice.city === own.name) {
      choose('city', own.query);
      await refresh('radar');
    }
  } catch (refusal) {
    if (turn !== asked[question]) return;
    if (question === 'radar' && refusal.status === 400 && choice.city !== '') {
      choose('city', '');
      await refresh(question);
      return;
    }
    troubles[question] = refusal;
  }
};

const titles = {
  401: 'Please sign in',
  403: 'This page is somebody else’s',
  404: 'We don’t know this member',
};

/** Shows what there is: the page, or why there is none. */
const show = () => {
  const refusal = Object.values(troubles).find(({ isPassing }) => !isPassing);
  const hasContent = answers.weekly !== undefined && refusal === undefined;
  byId('skeleton').hidden = true;
  byId('content').hidden = !hasContent;
  byId('ask').hidden = refusal === undefined;
  const view = viewOf(answers, clockOffset);
  if (hasContent) render(view);
  else byId('subtitle').textContent = '';
  morph(byId('notice'), notices(view, refusal));
};

const notices = (view, refusal) => {
  const banners = [];
  if (refusal !== undefined) {
    banners.push(banner('bad', `${titles[refusal.status] ?? 'This did not work'}: ${refusal.message}`));
  } else if (Object.keys(troubles).length > 0) banners.push(outage(view));
  if (view.isMock) banners.push(banner('', 'Sample data: what you see here is made up.'));
  const warnings = Object.values(answers)
    .filter(({ source }) => source !== 'mock')
    .flatMap(({ meta }) => meta.warnings);
  for (const text of new Set(warnings)) banners.push(banner('', text));
  return banners;
};

const banner = (tone, text, ...more) =>
  element('div', { class: `banner ${tone}`, 'data-key': text }, element('p', {}, text), ...more);

/** One banner and one button, however many questions fail. */
const outage = ({ weekly, zone }) => {
  const [{ message, status }] = Object.values(troubles);
  const text =
    weekly === undefined || lastAnsweredAt === null
      ? 'Back in a moment.'
      : Object.keys(troubles).length < asking.length
        ? 'Some of this could not be brought up to date.'
        : `What you see is as of ${hourText(lastAnsweredAt + clockOffset, zone)}.`;
  return element(
    'div',
    { class: 'banner bad', 'data-key': 'outage' },
    element(
      'p',
      {},
      text,
      ' ',
      element('span', { class: 'reason' }, status === 429 ? 'Too many questions at once.' : message),
    ),
    element('button', { type: 'button', class: 'retry' }, 'Try again'),
  );
};

const retry = async (button) => {
  button.setAttribute('aria-disabled', 'true');
  button.textContent = 'Trying…';
  await Promise.all(asking.map(refresh));
  show();
  // Who asked by this button is brought to what came; it is gone.
  if (Object.keys(troubles).length === 0) byId('title').focus();
};

/** Asks again while somebody looks. One question after the other: nobody waits for it. */
const poll = async () => {
  for (const question of asking) {
    if (document.visibilityState !== 'visible') return;
    await refresh(question);
  }
  show();
};

const keepPolling = () => {
  let polledAt = Date.now();
  let isPolling = false;
  const turn = async () => {
    const waitMs = Math.max(pollMs, ...Object.values(troubles).map((trouble) => trouble.waitMs));
    if (isPolling || document.visibilityState !== 'visible' || Date.now() - polledAt < waitMs) return;
    isPolling = true;
    await poll();
    polledAt = Date.now();
    isPolling = false;
  };
  setInterval(turn, 1000);
  document.addEventListener('visibilitychange', turn);
};

const concerned = {
  time_window: { questions: ['weekly'], panels: ['recap', 'activity'] },
  hours: { questions: ['radar'], panels: ['radar'] },
  city: { questions: ['radar'], panels: ['radar'] },
  board: { questions: [], panels: [] },
};

const turnSwitch = async (name, value) => {
  choose(name, value);
  show();
  const busy = concerned[name].panels.map(byId);
  for (const panel of busy) panel.setAttribute('aria-busy', 'true');
  await Promise.all(concerned[name].questions.map(refresh));
  for (const panel of busy) panel.removeAttribute('aria-busy');
  show();
};

const listen = () => {
  const form = byId('switches');
  for (const name of ['time_window', 'hours']) form.elements[name].value = choice[name];
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', ({ target }) => turnSwitch(target.name, target.value));
  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('[data-choose], .retry');
    if (!button) return;
    if (button.dataset.choose !== undefined) void turnSwitch(button.dataset.choose, button.dataset.value);
    else if (button.getAttribute('aria-disabled') !== 'true') void retry(button);
  });
  document.addEventListener('keydown', (event) => {
    const tab = event.target.closest?.('[role=tab]');
    if (!tab) return;
    const tabs = [...tab.parentElement.children];
    const at = tabs.indexOf(tab);
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
    const to =
      { Home: 0, End: tabs.length - 1 }[event.key] ??
      (step === undefined ? undefined : (at + step) % tabs.length);
    if (to === undefined) return;
    event.preventDefault();
    void turnSwitch(tabs[to].dataset.choose, tabs[to].dataset.value);
    tabs[to].focus();
  });
  listenToReaders(document);
  let drawnWidth = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === drawnWidth || byId('content').hidden) return;
    drawnWidth = innerWidth;
    show();
  });
};

const start = async () => {
  if (userId === '') {
    byId('subtitle').textContent = 'Streak, people, quests and places of one member.';
    byId('ask').hidden = false;
    return;
  }
  byId('skeleton').hidden = false;
  byId('main').setAttribute('aria-busy', 'true');
  listen();
  await Promise.all(asking.map(refresh));
  show();
  byId('main').removeAttribute('aria-busy');
  keepPolling();
};

await start();
