import { expect, inject, test } from 'vitest';
import { tooMuchGrowth } from '../../bench/count-work.js';
import { measureWork, workRuns } from '../../bench/measure-work.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { isPreparing } from '../../src/pipeline/step.js';

// Counts, not times: the same on a busy machine. `npm run bench:work` prints them, for a third size as well.

const measured = async () => {
  const [small, large] = [
    await measureWork(1, inject('serverUrl')),
    await measureWork(4, inject('serverUrl')),
  ];
  const grown = workRuns.flatMap((run) => {
    const [before, after] = [small.works.get(run), large.works.get(run)];
    if (before === undefined || after === undefined) throw new Error(`${run} was not measured`);
    return tooMuchGrowth(run, before, after);
  });
  return { grown, large };
};

test('four times the data is four times the work of every step, in a backfill, a night and for a late tap', async () => {
  const { grown, large } = await measured();
  // Of two plans that cost nearly the same, the samples of one analyze choose now this one, now that one: a night's
  // board_figure does 16 or 22 rows of work a row, at either size. What grows does so again.
  const again = grown.length === 0 ? [] : (await measured()).grown;
  expect(grown.filter(({ run, step }) => again.some((one) => one.run === run && one.step === step))).toEqual(
    [],
  );
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
