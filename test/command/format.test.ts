import { Writable } from 'node:stream';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { hasLiveLine } from '../../src/command-line.js';
import { writeAndDrain } from '../../src/report/drain.js';
import { formatDuration, formatTable, printable } from '../../src/report/format.js';

describe('a duration', () => {
  test.each([
    [999.6, '1.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 0 s'],
    [359_700, '6 min 0 s'],
    [312_400, '5 min 12 s'],
    [3_599_700, '1 h 0 min'],
    [7_199_000, '2 h 0 min'],
  ])('of %d ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test('never shows 60 of a unit, nor 1000 ms', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (milliseconds) => {
        expect(formatDuration(milliseconds)).not.toMatch(/\b60(\.0)? (s|min)|1000 ms/);
      }),
    );
  });
});

test('columns line up, whatever the script', async () => {
  const lines = await formatTable([
    { name: 'Ana', taps: 5 },
    { name: '李小龍', taps: 12 },
    { name: 'नमस्ते', taps: 1 },
    { name: '👩‍👩‍👧 family', taps: 300 },
  ]);
  expect(new Set(lines.map((line) => stringWidth(line))).size).toBe(1);
});

test('a table may have more rows than a call has arguments', async () => {
  expect(await formatTable(Array.from({ length: 200_000 }, () => ({ a: 1 })))).toHaveLength(200_001);
});

test('a cell is read as often in a long table as in a short one', async () => {
  let reads = 0;
  const row = {
    get name() {
      reads += 1;
      return 'x';
    },
  };
  const readsOf = async (length: number) => {
    reads = 0;
    await formatTable(Array.from({ length }, () => row));
    return reads / length;
  };
  expect(await readsOf(100)).toBe(await readsOf(10));
});

test("somebody's name moves no cursor and begins no line", async () => {
  expect(printable('a\u001b[2Jb\nc\u202e!')).toBe('a[2Jb c!');
  expect(await formatTable([{ name: 'x\ny\u001b[31m' }])).toEqual(['name', 'x y[31m']);
});

test('a terminal that does not say how wide it is gets no live line', () => {
  expect(hasLiveLine({ isTTY: true, columns: 80 })).toBe(true);
  expect(hasLiveLine({ isTTY: true, columns: 0 })).toBe(false);
  expect(hasLiveLine({ columns: 80 })).toBe(false);
});

test('a reader that goes while it is waited for stops nobody', async () => {
  const slow = new Writable({ highWaterMark: 1, write: () => undefined });
  slow.on('error', () => undefined);
  const written = writeAndDrain(slow, 'a line');
  slow.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await expect(written).resolves.toBeUndefined();
});
