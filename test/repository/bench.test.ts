import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Kept } from '../../bench/keep.js';
import { linesOf } from '../../bench/lines.js';
import { backfillEnd, measurements, names, type Run, withNeeds } from '../../bench/measurements.js';
import { referenceTables } from '../../bench/reference.js';
import { dayAt, sizes } from '../../bench/world.js';
import { loadSteps } from '../../src/pipeline/order.js';

test('what a bench has measured is there when it goes on, and never taken for that of another one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-kept-'));
  try {
    new Kept(folder, { size: 'mini', seed: 1 }).set('migrate', { wallMs: 12 });
    expect(new Kept(folder, { size: 'mini', seed: 1 }).get('migrate')).toEqual({ wallMs: 12 });
    expect(() => new Kept(folder, { size: 'mini', seed: 2 })).toThrow(/another folder to --keep/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a measurement comes with all that it needs, each before it', () => {
  expect(withNeeds(['two_hops'])).toEqual(['data', 'migrate', 'backfill', 'reference', 'two_hops']);
  for (const name of names)
    for (const need of measurements[name].needs)
      expect(names.indexOf(need), `${need} before ${name}`).toBeLessThan(names.indexOf(name));
  expect(withNeeds(names)).toEqual(names);
});

test('a backfill ends with a Saturday and leaves a Monday and a Wednesday, twice', () => {
  for (const size of Object.values(sizes)) {
    const end = backfillEnd(size);
    expect(new Date(`${end}T00:00:00Z`).getUTCDay()).toBe(6);
    expect(end <= dayAt(size.days - 14)).toBe(true);
  }
});

test('every step has a subject with a reference, so that nothing is without one', () => {
  const subjects = new Set(referenceTables.map(({ subject }) => subject));
  const without = loadSteps()
    .filter(
      ({ runs, file }) =>
        runs !== 'repair' && runs !== 'frozen' && !subjects.has(file.split('/').at(-2) ?? ''),
    )
    .map(({ file }) => file);
  expect(without).toEqual([]);
});

test('a line says by the clock whether its target is met', () => {
  const run = (wallMs: number): Run => ({
    wallMs,
    serverMs: 2 * wallMs,
    nodeMs: 0,
    peakMb: 60,
    steps: {},
    batches: 1,
  });
  const said = (midweekMs: number) =>
    linesOf(
      { backfill: run(100_000), nights: { midweek: run(midweekMs), monday: run(1_000) } },
      'mini',
      sizes.mini,
    )
      .filter(({ what }) => what.startsWith('night'))
      .map(({ result, target, verdict, processor }) => [result, target, verdict, processor]);
  expect(said(1_000)).toEqual([
    ['1.0 %', '<= 1.0 %', 'met', '2.00 s'],
    ['1.0 %', '<= 2.0 %', 'met', '2.00 s'],
  ]);
  expect(said(1_100)[0]).toEqual(['1.1 %', '<= 1.0 %', 'missed', '2.20 s']);
});
