import { addDays } from '../pipeline/plan.js';

/** People of the made-up answers. */
export const names = [
  'Ada Example',
  'Ben Sample',
  'Cleo Mock',
  'Dev Placeholder',
  'Eva Specimen',
  'Finn Dummy',
];
export const hourMs = 3_600_000;

/** When the clock hour of a moment began: zones are offset by minutes that are no multiple of 60. */
export const hourBegin = (moment: Date, zone: string): number => {
  const minutes = new Intl.DateTimeFormat('en-GB', { timeZone: zone, minute: 'numeric' }).format(moment);
  return (Math.floor(moment.getTime() / 60_000) - Number(minutes)) * 60_000;
};

/** A made-up person: of an index, always the same one. */
export const someone = (index: number) => ({
  user_id: `00000000-0000-4000-8000-00000000000${index + 1}`,
  name: names[index % names.length] ?? '',
});

/** The same as the other user of a pair. */
export const other = (index: number) => {
  const { user_id, name } = someone(index);
  return { other_user_id: user_id, name };
};

/** A number from 0 to `most` that goes up and down from index to index. */
export const wave = (index: number, most: number) => Math.round((most * (1 + Math.sin(index * 1.7))) / 2);

/** The day of a moment, in UTC. */
export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

/** The Monday of a day's week. */
export const mondayOf = (day: string): string =>
  addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));

/** ISO year and week of a day. */
export const isoWeek = (day: string): { year: number; iso_week: number } => {
  const thursday = addDays(mondayOf(day), 3);
  const year = Number(thursday.slice(0, 4));
  const days = (Date.parse(thursday) - Date.parse(`${year}-01-01`)) / 86_400_000;
  return { year, iso_week: Math.floor(days / 7) + 1 };
};
