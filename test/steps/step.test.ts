import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readPackageFile } from '../../src/files.js';
import { statementsOf } from '../../src/pipeline/converge.js';
import { convergingSteps, factsDigest, meaningOf } from '../../src/pipeline/meaning.js';
import { givenTables, loadSteps, orderSteps } from '../../src/pipeline/order.js';
import { isScratch, scratchColumns } from '../../src/pipeline/scratch.js';
import { isPreparing, parseStep, type Step, writesOf } from '../../src/pipeline/step.js';

const header = (lines: string, statement = 'select 1') => `-- What it is.\n${lines}\n${statement}\n`;
const step = (name: string, reads: string, writes: string, more = '') =>
  parseStep(name, header(`--! reads: ${reads}\n--! writes: ${writes}\n--! grain: id\n${more}`));

describe('a header', () => {
  test('is read', () => {
    const parsed = parseStep(
      'thing',
      header(
        '--! reads: one, two\n--! before: three\n--! writes: four\n--! grain: id, day\n--! values: name\n--! params: zone, as_of_day\n--! avoid: hashjoin',
        'select $1::text, $2::date, $1::text -- $3 in a comment is no parameter\n--: stored\nfrom four as stored\n--: noted changed_pair_day\nselect 1, 2, day from stage',
      ),
    );
    expect(parsed).toMatchObject({
      name: 'thing',
      reads: ['one', 'two'],
      before: ['three'],
      table: 'four',
      isCleaner: false,
      grain: ['id', 'day'],
      values: ['name'],
      select: 'select $1::text, $2::date, $1::text -- $3 in a comment is no parameter',
      stored: ['from four as stored'],
      notes: [{ table: 'changed_pair_day', select: 'select 1, 2, day from stage' }],
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
    ['no writes', '--! reads: one\n--! grain: id', "one header 'writes' or 'removes' with one table"],
    [
      'two tables',
      '--! reads: one\n--! writes: two, three\n--! grain: id',
      "one header 'writes' or 'removes' with one table",
    ],
    [
      'an unknown section',
      '--! reads: a\n--! writes: b\n--! grain: id\n--: kept\nfrom b',
      "unknown section 'kept'",
    ],
    [
      'a note to a table that is no scratch table',
      '--! reads: a\n--! writes: b\n--! grain: id\nselect 1\n--: noted nowhere\nselect 1',
      "'nowhere' is not a table of sql/batch/scratch.sql",
    ],
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
  ])('with %s is refused by file name, line and column', (_, lines, message) => {
    expect(() => parseStep('thing', header(lines))).toThrow(message);
    expect(() => parseStep('thing', header(lines))).toThrow(/^thing\.sql:\d+:\d+: /);
  });

  test.each([
    ['fewer parameters than the statement', '--! params: zone', 'select $1, $2'],
    ['more parameters than the statement', '--! params: zone, as_of_day', 'select $1'],
    ['a parameter that is skipped', '--! params: zone, as_of_day', 'select $1, $3'],
    ['no parameters for a statement that has one', '', 'select $1'],
  ])('with %s is refused', (_, params, statement) => {
    const lines = `--! reads: one\n--! writes: two\n--! grain: id\n${params}`;
    expect(() => parseStep('thing', header(lines, statement))).toThrow(
      /thing\.sql:\d+:1: the header names \d/,
    );
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
      step('z', 'tap', 'other', '--! before: table_a\n'),
      parseStep(
        'b',
        header('--! reads: tap\n--! removes: table_a\n--! grain: id', '--: stored\nfrom table_a as stored'),
      ),
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

  test('a misspelt table of before or removes is refused as well', () => {
    expect(() => orderSteps([step('a', 'tap', 'one', '--! before: oen\n')], new Set(['tap']))).toThrow(
      "'oen'",
    );
    const cleaner = parseStep(
      'b',
      header('--! reads: tap\n--! removes: oen\n--! grain: id', '--: stored\nfrom oen as stored'),
    );
    expect(() => orderSteps([cleaner], new Set(['tap']))).toThrow("'oen'");
  });
});

describe('the steps of the package', () => {
  const steps = loadSteps();
  const position = (name: string) => steps.findIndex((one) => one.name === name);

  test('have an order in which everything is derived from what is there', () => {
    for (const [index, one] of steps.entries()) {
      const later = steps.slice(index + 1);
      for (const table of one.reads.filter(
        (read) => !givenTables.has(read) && !writesOf(one).includes(read),
      )) {
        expect(
          later
            .filter(
              (other) => !other.isCleaner && writesOf(other).includes(table) && !other.reads.includes(table),
            )
            .map(({ name }) => name),
          table,
        ).toEqual([]);
      }
    }
    expect(position('pair_day')).toBeLessThan(position('user_day_activity'));
    expect(position('second_degree_focus')).toBeLessThan(position('user_week_activity'));
    expect(position('user_week_activity')).toBeLessThan(position('weekly_leaderboard'));
  });

  const statements = (step: Step) =>
    statementsOf(step, steps.filter((one) => writesOf(one).includes(step.table)).length > 1, {
      persistence: 'temp',
      schema: 'gamification',
    });

  test('none modifies data by itself, and each begins with what it is about', () => {
    for (const { name, file, select, stored, notes } of steps) {
      expect(readPackageFile(file).startsWith('-- '), name).toBe(true);
      for (const text of [select ?? '', ...stored, ...notes.map((note) => note.select)]) {
        const statement = text.replace(/--.*$/gm, '').replace(/'[^']*'/g, "''");
        expect(statement, name).not.toContain(';');
        expect(statement, name).not.toMatch(/\b(insert|update|delete|merge|truncate|returning)\b/i);
        expect(statement, name).not.toMatch(/\bnow\(\)\s*[<>=-]/);
        expect(statement, name).not.toMatch(/\b(xmin|xmax)\b/);
        expect(statement, name).not.toMatch(/exists \(\s*select\s+from/);
      }
    }
  });

  test('no statement reads the table that it modifies', () => {
    for (const step of steps)
      for (const { purpose, table, text } of statements(step)) {
        if (table === null || table === 'stage' || purpose === 'prepare') continue;
        expect(
          text.match(new RegExp(`\\b(from|join) ${table}\\b`, 'g')) ?? [],
          `${step.name} ${purpose}`,
        ).toEqual(purpose === 'delete' ? [`from ${table}`] : []);
      }
  });

  test('run the statements that are committed: a change of the machinery or of a step shows in them', async () => {
    for (const step of steps)
      await expect(
        statements(step)
          .map(
            ({ purpose, text, params }) =>
              `-- ${purpose}${params.map((name, index) => `, $${index + 1} ${name}`).join('')}\n${text};\n`,
          )
          .join('\n'),
      ).toMatchFileSnapshot(`statements/${step.name}.sql`);
  });

  test('name every column of the scratch tables that they fill', () => {
    for (const step of steps.filter((one) => isPreparing(one)))
      expect(scratchColumns(step.table).length, step.name).toBeGreaterThan(0);
    expect(steps.flatMap(writesOf).filter((table) => isScratch(table)).length).toBeGreaterThan(20);
  });
});

describe('the meaning of a step', () => {
  const steps = loadSteps();
  const named = (name: string) => steps.find((one) => one.name === name) as Step;
  const changed = (name: string, from: string, to: string): Step[] => {
    const path = named(name).file;
    const text = readPackageFile(path);
    expect(text).toContain(from);
    return steps.map((one) => (one.name === name ? parseStep(name, text.replaceAll(from, to), path) : one));
  };
  const outdated = (others: Step[]): string[] =>
    convergingSteps(others)
      .filter((one) => meaningOf(one, others) !== meaningOf(named(one.name), steps))
      .map(({ name }) => name);

  test('does not change with a comment, layout or the order of words in a header', () => {
    expect(outdated(changed('edge_strength', '), recent as (', '),\n-- Days.\nrecent   as\n('))).toEqual([]);
    expect(
      outdated(
        changed(
          'edge_strength',
          '--! values: taps_90d, last_tap_at, strength_f32',
          '--! values: strength_f32, last_tap_at, taps_90d',
        ),
      ),
    ).toEqual([]);
  });

  test('of a formula is its own table and nothing else', () => {
    expect(outdated(changed('edge_strength', '0.6 * ln', '0.7 * ln'))).toEqual(['edge_strength']);
    expect(factsDigest(changed('edge_strength', '0.6 * ln', '0.7 * ln'))).toBe(factsDigest(steps));
  });

  test('of a preparing step is that of the tables that it prepares', () => {
    expect(outdated(changed('quest_areas', "'new_areas' as metric", "'new_areas'::text as metric"))).toEqual([
      'user_quest_progress',
    ]);
    expect(outdated(changed('second_degree_walked', '2147483647', '2147483646')).sort()).toEqual([
      'second_degree',
      'user_week_activity',
    ]);
  });

  test('of a fact is a day', () => {
    expect(
      factsDigest(changed('pair_day', 'batch_tap.tap_count,', 'batch_tap.tap_count + 0 as tap_count,')),
    ).not.toBe(factsDigest(steps));
  });
});

test('every step that writes what stays has a case with given and expected rows', () => {
  const folder = fileURLToPath(new URL('./', import.meta.url));
  const cases = readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts') && file !== 'step.test.ts')
    .map((file) => readFileSync(`${folder}${file}`, 'utf8'))
    .join('\n');
  const lacking = loadSteps().filter(
    ({ name, file, table }) =>
      file.startsWith('sql/steps/') && !isScratch(table) && !cases.includes(`step('${name}'`),
  );
  // Homes have a test of their own: test/homes.
  expect(lacking.map(({ name }) => name)).toEqual(['home_location_struct']);
});
