/**
 * Whether a night costs the same however long the history is: the same community (users, taps a day), once with 180 and
 * once with 730 days behind it, and five nights after each, on one server.
 *
 *   npm run bench:history -- [--users 1000] [--taps-a-day 500] [--json]
 *
 * The target is a ratio of 1.3 at most between the medians. Mondays are told apart: a week begins.
 */
import { flagsOf } from '../scripts/flags.js';
import { median, runCommand } from './measure.js';
import { dayAt, makeData, openWorld } from './world.js';

const flags = flagsOf(import.meta.url, {
  users: { type: 'string', default: '1000' },
  'taps-a-day': { type: 'string', default: '500' },
  json: { type: 'boolean', default: false },
});
const users = Number(flags.users);
const tapsADay = Number(flags['taps-a-day']);
const nights = 5;
const target = 1.3;

/** Wall times of the nights after `days` days of history, in ms. */
const nightsAfter = async (days: number) => {
  const world = await openWorld(`history_${days}`);
  try {
    const all = days + nights;
    await makeData(world.client, { users, taps: tapsADay * all, days: all }, 1);
    await runCommand(world, 'migrate');
    await runCommand(world, 'backfill', '--to', dayAt(days - 1));
    await world.client.query('vacuum (analyze)');
    const rows: { weekday: string; wallMs: number }[] = [];
    for (let night = 0; night < nights; night += 1) {
      const day = dayAt(days + night);
      const weekday = new Date(`${day}T00:00:00Z`).toLocaleDateString('en', {
        weekday: 'short',
        timeZone: 'UTC',
      });
      rows.push({ weekday, wallMs: (await runCommand(world, 'etl', '--date', day)).wallMs });
    }
    return rows;
  } finally {
    await world.close();
  }
};

const short = await nightsAfter(180);
const long = await nightsAfter(730);
const ratio = median(long.map(({ wallMs }) => wallMs)) / median(short.map(({ wallMs }) => wallMs));
if (flags.json) process.stdout.write(`${JSON.stringify({ users, tapsADay, short, long, ratio, target })}\n`);
else {
  const show = (rows: typeof short) =>
    rows.map(({ weekday, wallMs }) => `${weekday} ${wallMs.toFixed(0)} ms`).join(', ');
  console.log(`${users} users, ${tapsADay} taps a day`);
  console.log(`180 days of history: ${show(short)}`);
  console.log(`730 days of history: ${show(long)}`);
  console.log(`medians: ${ratio.toFixed(2)} x, target <= ${target} x`);
}
if (ratio > target) process.exitCode = 1;
