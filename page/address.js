/** What the address says and remembers: whose page, in which zone, and the switches. */
const given = new URLSearchParams(location.search);

// A token in the part after # never reaches a server's log; it stays in this tab.
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (token !== null) {
  sessionStorage.setItem('token', token);
  history.replaceState(null, '', location.pathname + location.search);
}

const browserZone = () => {
  try {
    return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
};

export const userId = given.get('user_id') ?? '';
export const demo = given.get('demo');
export const readToken = () => sessionStorage.getItem('token');
/** The zone of the address, else the browser's. */
export const zone = { asked: given.get('tz') ?? browserZone(), isGiven: given.has('tz') };

const switches = {
  time_window: { values: ['1d', '7d', '30d', '180d', '365d'], default: '7d' },
  hours: { values: ['12', '24', '72', '168'], default: '24' },
  board: { values: ['new_connections', 'community_builders', 'streak_masters'], default: 'new_connections' },
  city: { default: '' },
};

/** The switches as they are set; a value that is none is as if it were not there. */
export const choice = Object.fromEntries(
  Object.entries(switches).map(([name, { values, default: otherwise }]) => {
    const value = given.get(name) ?? otherwise;
    return [name, values === undefined || values.includes(value) ? value : otherwise];
  }),
);

/** Sets a switch, and the address with it, so that a reload, a bookmark or a friend sees the same page. */
export const choose = (name, value) => {
  choice[name] = value;
  const query = new URLSearchParams(location.search);
  if (value === switches[name].default) query.delete(name);
  else query.set(name, value);
  history.replaceState(null, '', `${location.pathname}?${query}`);
};
