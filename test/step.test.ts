import { describe, expect, test } from 'vitest';
import { givenTables, loadSteps, orderSteps, parseStep, stepsDigest } from '../src/pipeline/step.js';

const header = (lines: string, statement = 'select 1') => `-- What it is.\n${lines}\n${statement}\n`;
const step = (name: string, reads: string, writes: string, more = '') =>
  parseStep(name, header(`--! reads: ${reads}\n--! writes: ${writes}\n--! grain: id\n${more}`));

describe('a header', () => {
  test('is read', () => {
    const parsed = parseStep(
      'thing',
      header(
        '--! reads: one, two\n--! stored: three\n--! writes: four\n--! grain: id, day\n--! params: zone, as_of_day\n--! avoid: hashjoin',
        'select $1::text, $2::date, $1::text -- $3 in a comment is no parameter',
      ),
    );
    expect(parsed).toMatchObject({
      name: 'thing',
      reads: ['one', 'two'],
      stored: ['three'],
      writes: ['four'],
      removes: [],
      grain: ['id', 'day'],
      params: ['zone', 'as_of_day'],
      avoid: ['hashjoin'],
    });
  });

  test.each([
    [
      'an unknown key',
      '--! reads: one\n--! writes: two\n--! grain: id\n--! speed: fast',
      "unknown header 'speed'",
    ],
    [
      'a repeated key',
      '--! reads: one\n--! reads: two\n--! writes: two\n--! grain: id',
      "'reads' is there twice",
    ],
    ['no reads', '--! writes: two\n--! grain: id', "'reads' is missing"],
    ['no grain', '--! reads: one\n--! writes: two', "'grain' is missing"],
    ['no writes', '--! reads: one\n--! grain: id', "'writes' is missing"],
    [
      'an unknown parameter',
      '--! reads: a\n--! writes: b\n--! grain: id\n--! params: clock',
      "unknown word 'clock'",
    ],
    [
      'an unknown way',
      '--! reads: a\n--! writes: b\n--! grain: id\n--! avoid: effort',
      "unknown word 'effort'",
    ],
    [
      'a line that is no header',
      '--! reads: a\n--! writes: b\n--! grain: id\n--! read carefully',
      'read carefully',
    ],
  ])('with %s is refused by file name', (_, lines, message) => {
    expect(() => parseStep('thing', header(lines))).toThrow(message);
    expect(() => parseStep('thing', header(lines))).toThrow('thing.sql');
  });

  test.each([
    ['fewer parameters than the statement', '--! params: zone', 'select $1, $2'],
    ['more parameters than the statement', '--! params: zone, as_of_day', 'select $1'],
    ['a parameter that is skipped', '--! params: zone, as_of_day', 'select $1, $3'],
    ['no parameters for a statement that has one', '', 'select $1'],
  ])('with %s is refused', (_, params, statement) => {
    const lines = `--! reads: one\n--! writes: two\n--! grain: id\n${params}`;
    expect(() => parseStep('thing', header(lines, statement))).toThrow(/thing\.sql: the header names \d/);
  });
});

describe('the order', () => {
  const names = (steps: readonly { name: string }[]) => steps.map(({ name }) => name);

  test('follows what is read and written, whatever the files are called', () => {
    const steps = [step('a', 'two', 'three'), step('b', 'one', 'two'), step('c', 'tap', 'one')];
    expect(names(orderSteps(steps, new Set(['tap'])))).toEqual(['c', 'b', 'a']);
    expect(names(orderSteps([...steps].reverse(), new Set(['tap'])))).toEqual(['c', 'b', 'a']);
  });

  test('a table is read as it was before its writer, and cleaned after its last reader', () => {
    const steps = [
      step('a', 'tap', 'table_a'),
      step('z', 'tap', 'other', '--! stored: table_a\n'),
      parseStep('b', header('--! reads: tap\n--! removes: table_a\n--! grain: id')),
      step('y', 'table_a', 'last'),
    ];
    expect(names(orderSteps(steps, new Set(['tap'])))).toEqual(['z', 'a', 'y', 'b']);
  });

  test('a step may read what it writes', () => {
    expect(names(orderSteps([step('a', 'tap, own', 'own')], new Set(['tap'])))).toEqual(['a']);
  });

  test('a cycle is refused with the names in it', () => {
    const steps = [step('a', 'two', 'one'), step('b', 'one', 'two')];
    expect(() => orderSteps(steps, new Set())).toThrow(/a, b .*no order/);
  });

  test('a table that nobody writes is refused', () => {
    expect(() => orderSteps([step('a', 'tapp', 'one')], new Set(['tap']))).toThrow(
      "a.sql reads 'tapp', which no step writes and nothing provides.",
    );
  });

  test('a misspelt stored or removed table is refused as well', () => {
    expect(() => orderSteps([step('a', 'tap', 'one', '--! stored: oen\n')], new Set(['tap']))).toThrow(
      "'oen'",
    );
    const cleaner = parseStep('b', header('--! reads: tap\n--! removes: oen\n--! grain: id'));
    expect(() => orderSteps([cleaner], new Set(['tap']))).toThrow("'oen'");
  });
});

describe('the steps of the package', () => {
  const steps = loadSteps();
  const position = (name: string) => steps.findIndex((one) => one.name === name);

  test('have an order in which everything is derived from what is there', () => {
    for (const [index, one] of steps.entries()) {
      const later = steps.slice(index + 1);
      for (const table of one.reads.filter((read) => !givenTables.has(read) && !one.writes.includes(read))) {
        expect(
          later.filter((other) => other.writes.includes(table)).map(({ name }) => name),
          table,
        ).toEqual([]);
      }
    }
    expect(position('pair_day')).toBeLessThan(position('user_day_activity'));
    expect(position('second_degree_focus')).toBeLessThan(position('user_week_activity'));
    expect(position('user_week_activity')).toBeLessThan(position('weekly_leaderboard'));
  });

  test('each is one statement that begins with what it is about', () => {
    for (const { name, text } of steps) {
      expect(text.startsWith('-- '), name).toBe(true);
      const statement = text.replace(/--.*$/gm, '').replace(/'[^']*'/g, "''");
      expect(statement, name).not.toContain(';');
      expect(statement, name).not.toMatch(/\bnow\(\)\s*[<>=-]/);
    }
  });

  test('their digest changes with a text and not with the order of the files', () => {
    const [first, ...others] = steps;
    if (first === undefined) throw new Error('there are no steps');
    expect(stepsDigest([{ ...first, text: `${first.text} ` }, ...others])).not.toBe(stepsDigest(steps));
  });
});
