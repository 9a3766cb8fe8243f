export const count = (number) => number.toLocaleString('en-US');
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A text as the beginning of a sentence. */
export const beginning = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** The local calendar day of a moment, YYYY-MM-DD. */
export const dayIn = (moment, zone) =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(new Date(moment));

export const addDays = (day, days) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);

/** Days from one day to another. */
export const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / dayMs);

/** The Monday of a day's week. */
export const mondayOf = (day) => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));

/** The number of a day's ISO week: that of its Thursday, in whose year it is counted. */
export const isoWeekOf = (day) => {
  const thursday = addDays(mondayOf(day), 3);
  return 1 + Math.floor(daysBetween(`${thursday.slice(0, 4)}-01-01`, thursday) / 7);
};

/** A day such as Mon 3 Mar, from YYYY-MM-DD. */
export const dayText = (day, options = { weekday: 'short', day: 'numeric', month: 'short' }) =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { ...options, timeZone: 'UTC' });

/** Two days with what of their years a reader needs: 3 to 9 Mar 2026, 26 Nov 2025 to 25 Nov 2026. */
export const rangeText = (from, to) => {
  const [day, month, year] = [{ day: 'numeric' }, { month: 'short' }, { year: 'numeric' }];
  const start =
    from.slice(0, 4) !== to.slice(0, 4)
      ? { ...day, ...month, ...year }
      : from.slice(0, 7) !== to.slice(0, 7)
        ? { ...day, ...month }
        : day;
  const end = dayText(to, { ...day, ...month, ...year });
  return from === to ? end : `${dayText(from, start)} to ${end}`;
};

/** A moment in a zone, such as Mon 14:05. */
export const momentText = (
  moment,
  zone,
  options = { weekday: 'short', hour: '2-digit', minute: '2-digit' },
) => new Date(moment).toLocaleString('en-GB', { ...options, timeZone: zone });

export const hourText = (moment, zone) => momentText(moment, zone, { hour: '2-digit', minute: '2-digit' });

/** Roughly how long: 12 min, 7 h, 3 days 4 h. */
export const lastingText = (milliseconds) => {
  const minutes = Math.max(1, Math.floor(milliseconds / minuteMs));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h`;
  const days = Math.floor(hours / 24);
  const rest = hours % 24;
  return days >= 4 || rest === 0 ? plural(days, 'day') : `${plural(days, 'day')} ${rest} h`;
};

/** Milliseconds until the next local midnight. */
export const untilMidnight = (moment, zone) => {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(new Date(moment));
  const of = (type) => Number(parts.find((part) => part.type === type).value);
  return dayMs - ((of('hour') * 60 + of('minute')) * 60 + of('second')) * 1000;
};

export const agoText = (days) => (days <= 0 ? 'today' : days === 1 ? 'yesterday' : `${count(days)} days ago`);
