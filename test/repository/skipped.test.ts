import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { toldSkipped } from '../server/skipped.js';

const folder = fileURLToPath(new URL('../', import.meta.url));

/** A file of a run, with the full names and the notes of its skipped tests. */
const file = (name: string, skipped: readonly [fullName: string, note?: string][]) =>
  ({
    relativeModuleId: name,
    children: {
      allTests: function* () {
        for (const [fullName, note] of skipped)
          yield { fullName, result: () => ({ state: 'skipped', note }) };
      },
    },
  }) as unknown as Parameters<typeof toldSkipped>[0][number];

test('what was skipped is told by what is missing', () => {
  expect(
    toldSkipped([
      file('test/a.test.ts', [
        ['the page [skipped: there is no browser] > is drawn'],
        ['the page [skipped: there is no browser] > is read aloud'],
        ['completion > of zsh', 'zsh is not installed'],
      ]),
      file('test/b.test.ts', [['a run [skipped: there is no browser]'], ['another']]),
    ]),
  ).toEqual([
    'Skipped 5 tests:',
    '  there is no browser: 2 in test/a.test.ts, 1 in test/b.test.ts',
    '  zsh is not installed: 1 in test/a.test.ts',
    '  No reason is given: 1 in test/b.test.ts',
  ]);
  expect(toldSkipped([file('test/a.test.ts', [])])).toEqual(['No test was skipped.']);
});

test('no test is skipped without a reason', () => {
  const silent = /\.(skipIf|runIf|todo|skip)\(|\bskip\(\)/;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts')) continue;
    const lines = readFileSync(`${folder}${name}`, 'utf8').split('\n');
    const found = lines.filter((line) => silent.test(line) && !line.includes('const silent'));
    expect(found, name).toEqual([]);
  }
});
