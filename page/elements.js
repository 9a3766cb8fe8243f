/** Makes an element; children that are strings become text nodes, never markup. */
export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

/** The same for a shape of a drawing. */
export const shape = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
};

export const nameOf = (name) => (name.trim() === '' ? 'Unnamed member' : name);

/** Two letters for a circle. */
export const avatar = (name) => {
  const letters = [...nameOf(name).matchAll(/(?:^|\s)(\S)/gu)].map(([, letter]) => letter);
  const text = letters.length > 1 ? letters[0] + letters.at(-1) : (letters[0] ?? '?');
  return element('span', { class: 'avatar', 'aria-hidden': 'true' }, text.toUpperCase());
};

export const count = (number) => number.toLocaleString('en-US');
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export const empty = (title, text) => element('div', { class: 'empty' }, element('strong', {}, title), text);

/** A day such as Mon 3 Mar, from YYYY-MM-DD. */
export const dayText = (day, options = { weekday: 'short', day: 'numeric', month: 'short' }) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { ...options, timeZone: 'UTC' });

/** A moment in a zone. */
export const momentText = (
  moment,
  zone,
  options = { weekday: 'short', hour: '2-digit', minute: '2-digit' },
) => new Date(moment).toLocaleString('en-GB', { ...options, timeZone: zone });
