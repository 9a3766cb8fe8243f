/**
 * Work of every step, preparing ones included, per row that it was given or made, at 1, 4 and 16 times the data
 * (--short: 1 and 4). Growth beyond 1.2 from one size to the next is an error.
 *
 *   npm run bench:work -- [--short] [--skew none,hub,cell,hour,few]
 *
 * A skew is another shape of the community: a hub who has met everybody, all taps in one cell, all in one hour of the
 * day, a tenth of the users with all of the taps.
 */
import { flagsOf, refuse } from '../scripts/flags.js';
import { allowedGrowth, known, tooMuchGrowth, type Work } from './count-work.js';
import { measureWork, skews, workRuns } from './measure-work.js';

const flags = flagsOf(import.meta.url, {
  short: { type: 'boolean', default: false },
  skew: { type: 'string', default: 'none' },
});
const wanted = flags.skew.split(',').map((given) => {
  const found = skews.find((skew) => skew === given.trim());
  return found ?? refuse(`--skew takes ${skews.join(', ')}, not '${given}'.`);
});
const times = flags.short ? [1, 4] : [1, 4, 16];
let bad = 0;
for (const skew of wanted) {
  const measured: Map<string, Map<string, Work>>[] = [];
  for (const factor of times) {
    const { version, works } = await measureWork(factor, undefined, skew);
    if (measured.length === 0) process.stdout.write(`PostgreSQL ${version}, skew: ${skew}\n`);
    measured.push(works);
  }
  for (const run of workRuns) {
    const steps = new Set(measured.flatMap((one) => [...(one.get(run)?.keys() ?? [])]));
    process.stdout.write(`\n${run}: work per row (rows)\n`);
    for (const step of steps) {
      const cells = measured.map((one) => {
        const work = one.get(run)?.get(step);
        return work === undefined
          ? '-'.padStart(20)
          : `${work.perRow.toFixed(1)} (${work.rows})`.padStart(20);
      });
      process.stdout.write(`${step.padEnd(26)}${cells.join('')}\n`);
    }
    for (const [index, larger] of measured.slice(1).entries()) {
      for (const { step, growth, before, after } of tooMuchGrowth(
        run,
        measured[index]?.get(run) ?? new Map(),
        larger.get(run) ?? new Map(),
      )) {
        bad += 1;
        process.stdout.write(
          `  grows: ${step} ${growth.toFixed(2)} x from ${times[index]} to ${times[index + 1]} times the data (${before.perRow.toFixed(1)} -> ${after.perRow.toFixed(1)} a row)\n`,
        );
      }
    }
  }
}
process.stdout.write(`\n${bad} steps grow beyond ${allowedGrowth} x\n`);
process.exitCode = bad === 0 ? 0 : 1;
for (const [what, why] of Object.entries(known))
  process.stdout.write(`Grows, and may: ${what}, because ${why}.\n`);
