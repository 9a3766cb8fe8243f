import { expect, inject, test } from 'vitest';
import { tooMuchGrowth } from '../../bench/count-work.js';
import { measureWork, workRuns } from '../../bench/measure-work.js';
import { isPreparing, loadSteps } from '../../src/pipeline/step.js';

// Counts, not times: the same on a busy machine. `npm run bench:work` prints them, for a third size as well.

test('four times the data is four times the work of every step, in a backfill, a night and for a late tap', async () => {
  const small = await measureWork(1, inject('serverUrl'));
  const large = await measureWork(4, inject('serverUrl'));
  for (const run of workRuns) {
    const [before, after] = [small.works.get(run), large.works.get(run)];
    if (before === undefined || after === undefined) throw new Error(`${run} was not measured`);
    expect(tooMuchGrowth(run, before, after)).toEqual([]);
  }
  // Every step was looked at, those that only prepare included. A night without erased people has no work on frozen
  // days.
  const seen = new Set(large.works.get('backfill')?.keys());
  const unseen = loadSteps().filter(
    (step) => step.runs !== 'repair' && step.runs !== 'frozen' && !seen.has(step.name),
  );
  expect(unseen.filter((step) => isPreparing(step) || step.runs !== 'given').map(({ name }) => name)).toEqual(
    [],
  );
});
