import { dayText, element, empty } from './elements.js';
import { activity, boards, health, momentum, quests, radar, recap, recommendations } from './panels.js';

const byId = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const userId = address.get('user_id') ?? '';
// A token in the part after # never reaches a server's log; it stays in this tab.
const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given !== null) {
  sessionStorage.setItem('token', given);
  history.replaceState(null, '', location.pathname + location.search);
}
const token = sessionStorage.getItem('token');

const panels = { activity, boards, health, momentum, quests, radar, recap, recommendations };

/** Which panels each answer fills. */
const endpoints = {
  weekly: ['momentum', 'recap', 'activity', 'boards', 'recommendations'],
  quests: ['quests'],
  radar: ['radar'],
  health: ['health'],
};

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const ask = async (endpoint) => {
  const query = new URLSearchParams({ user_id: userId });
  for (const name of ['tz', 'demo', 'time_window', 'hours']) {
    if (address.has(name)) query.set(name, address.get(name));
  }
  const response = await fetch(`api/community/${endpoint}?${query}`, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, answer.error ?? 'The server gave no reason.');
  return answer;
};

const titles = {
  401: 'Please sign in',
  403: 'This page is somebody else’s',
  404: 'We don’t know this member',
  503: 'Back in a moment',
};

const fill = (id, parts) =>
  byId(id)
    .querySelector('.body')
    .replaceChildren(...parts);

const load = async (endpoint) => {
  const places = endpoints[endpoint];
  for (const id of places) {
    byId(id).setAttribute('aria-busy', 'true');
    fill(id, [element('div', { class: 'loading' })]);
  }
  try {
    const answer = await ask(endpoint);
    for (const id of places) fill(id, panels[id](answer, { zone: answer.meta.tz_used }));
    return answer;
  } catch (error) {
    const title = titles[error.status] ?? 'This did not work';
    for (const id of places) {
      const box = empty(title, error.status === undefined ? 'The server can’t be reached.' : error.message);
      const retry = element('button', { type: 'button', class: 'retry' }, 'Try again');
      retry.addEventListener('click', () => load(endpoint));
      box.append(element('div', {}, retry));
      fill(id, [box]);
    }
    return error;
  } finally {
    for (const id of places) byId(id).removeAttribute('aria-busy');
  }
};

const banner = (text, tone = '') => byId('notice').append(element('p', { class: `banner ${tone}` }, text));

const start = async () => {
  if (userId === '') {
    byId('subtitle').textContent = 'Momentum, people, quests and places of one member.';
    byId('ask').hidden = false;
    return;
  }
  byId('panels').hidden = false;
  const results = await Promise.all(Object.keys(endpoints).map(load));
  const [weekly] = results;
  const answers = results.filter((result) => !(result instanceof Error));
  const refusal = weekly instanceof Refusal && weekly.status < 500 ? weekly : undefined;
  if (refusal !== undefined) {
    byId('panels').hidden = true;
    banner(`${titles[refusal.status] ?? 'This did not work'}: ${refusal.message}`, 'bad');
    byId('ask').hidden = false;
    return;
  }
  if (answers.some(({ source }) => source === 'mock')) banner('Sample data: what you see here is made up.');
  for (const text of new Set(
    answers.filter(({ source }) => source !== 'mock').flatMap(({ meta }) => meta.warnings),
  )) {
    banner(text);
  }
  if (weekly instanceof Error) return;
  const { week, meta, leaderboard } = weekly;
  const [from, to] = week.range;
  const name = leaderboard.me.new_connections.name.trim();
  byId('title').textContent = name === '' ? 'Weekly Pulse' : `Weekly Pulse of ${name}`;
  document.title = `${byId('title').textContent} · Community`;
  byId('subtitle').textContent =
    `Recap ${dayText(from)} to ${dayText(to)} · boards and quests of week ${week.iso_week}, ${week.year} · times in ${meta.tz_used}`;
  const asOf = meta.watermark.as_of_day;
  if (asOf !== null) {
    byId('as-of').textContent =
      `Counted up to ${dayText(asOf, { day: 'numeric', month: 'short', year: 'numeric' })}`;
  }
};

await start();
