/**
 * Makes an element; children that are strings become text nodes, never markup; null, undefined and false are left out.
 */
export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  setAll(made, attributes);
  made.append(...present(children));
  return made;
};

/** The same for a shape of a drawing. */
export const shape = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAll(made, attributes);
  made.append(...present(children));
  return made;
};

const setAll = (made, attributes) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
};

const present = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** A number that changes before the reader's eyes when a new answer arrives. */
export const number = (value, text) => element('span', { 'data-number': value }, text);

/** A person's name: isolated, so that letters of another direction do not turn their neighbours round. */
export const named = (name) => element('bdi', {}, nameOf(name));

export const nameOf = (name) => (name.trim() === '' ? 'Unnamed member' : name);

/** A name for where no element can be, such as the window's title: without the controls of direction. */
export const plainName = (name) =>
  nameOf(name).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

/** Names with something between them. */
export const namesOf = (names, between = ', ') =>
  names.flatMap((name, index) => (index === 0 ? [named(name)] : [between, named(name)]));

/** Two letters for a circle. */
export const avatar = (name) => {
  const letters = [...plainName(name).matchAll(/(?:^|\s)(\S)/gu)].map(([, letter]) => letter);
  const text = letters.length > 1 ? letters[0] + letters.at(-1) : (letters[0] ?? '?');
  return element('span', { class: 'avatar', 'aria-hidden': 'true' }, text.toUpperCase());
};

export const empty = (title, text) => element('div', { class: 'empty' }, element('strong', {}, title), text);

/** A row of a list about somebody: name, a line below it, a figure at the end. */
export const personRow = ({ key, name, note, figure, unit, end }) =>
  element(
    'li',
    { 'data-key': key },
    avatar(name),
    element(
      'span',
      { class: 'grow' },
      element('span', { class: 'name' }, named(name)),
      note === undefined ? null : element('span', { class: 'sub' }, note),
    ),
    figure === undefined
      ? null
      : element(
          'span',
          { class: 'figure' },
          figure,
          unit === undefined ? null : element('small', {}, ` ${unit}`),
        ),
    end,
  );

export const list = (rows) => element('ul', { class: 'list' }, rows);
