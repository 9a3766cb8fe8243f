import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { statementsOf } from '../../src/pipeline/converge.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { isShared } from '../../src/pipeline/step.js';

// What a Citus cluster refuses, or answers wrongly without an error, in SQL of ours: docs/scale.md.

const root = fileURLToPath(new URL('../..', import.meta.url));
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path}`);

/** The text of a file without its comments: those of SQL, and those of TypeScript around it. */
const codeOf = (file: string): string =>
  readFileSync(`${root}${file}`, 'utf8')
    .replace(/--[ !:].*$/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '');

const files = [...filesBelow('sql', '.sql'), ...filesBelow('src', '.ts')];

interface Rule {
  readonly what: string;
  readonly why: string;
  readonly pattern: RegExp;
  /** A text that breaks the rule, and one that does not. */
  readonly broken: string;
  readonly kept: string;
  /** Where it may stand, and why. */
  readonly allowed?: Readonly<Record<string, string>>;
}

const taps = '(?:classified_)?tap\\b(?!_)';

const rules: readonly Rule[] = [
  {
    what: 'a select without a column',
    why: 'Citus writes it down as one of a function without columns, and fails',
    pattern: /\bselect\s+from\b/i,
    broken: 'where exists (select from pair)',
    kept: 'where exists (select 1 from pair)',
  },
  {
    what: 'a system column that says who wrote a row',
    why: 'it says nothing at all of a distributed table',
    pattern: /\b(?:xmin|xmax|cmin|cmax|ctid)\b/,
    broken: 'where xmax = 0',
    kept: 'where backend_xmin is not null',
    allowed: { 'sql/api/quest_definition.sql': 'quest_definitions stays on the coordinator' },
  },
  {
    what: 'a common table expression inside of a lateral join',
    why: 'it is not supported',
    pattern: /lateral\s*\(\s*with\b/i,
    broken: 'cross join lateral (with a as (select 1) select 1 from a) as b',
    kept: 'cross join lateral (select 1) as b',
    allowed: {
      'sql/steps/graph/second_degree_event.sql': 'of scratch tables, within a shard',
      'sql/steps/quests/quest_common.sql': 'of scratch tables',
      'sql/verify/second_degree_change.sql': 'of temporary tables',
    },
  },
  {
    what: 'a look-up of taps for each row of something else',
    why: 'a correlated subquery over a distributed table is refused',
    pattern: new RegExp(`(?:exists|lateral|\\bin)\\s*\\(\\s*select[^()]*\\bfrom\\s+${taps}`, 'i'),
    broken: 'where exists (\n  select 1 from tap where tap.id1 = user_key.user_id)',
    kept: 'from latest_moment\n  join tap on tap.tap_time = latest_moment.tapped_at',
  },
  {
    what: 'a plan without the parameters',
    why: 'Citus makes none over distributed tables',
    pattern: /'force_generic_plan'/,
    broken: "set plan_cache_mode = 'force_generic_plan'",
    kept: "set plan_cache_mode = 'force_custom_plan'",
    allowed: { 'sql/api/pin.sql': 'only where the database has no Citus' },
  },
  {
    what: 'taps that are locked, or written to',
    why: 'the application is only read; a lock of a distributed table would be taken on all nodes',
    pattern: new RegExp(`(?:lock table|insert into|update|delete from)\\s+${taps}`, 'i'),
    broken: 'lock table tap in share mode',
    kept: 'insert into tap_copy select 1',
  },
];

test.each(rules.map((rule): [string, Rule] => [rule.what, rule]))('%s stands nowhere', (_what, rule) => {
  expect(rule.broken).toMatch(rule.pattern);
  expect(rule.kept).not.toMatch(rule.pattern);
  const found = files.filter((file) => rule.pattern.test(codeOf(file)));
  expect(found.sort(), rule.why).toEqual(Object.keys(rule.allowed ?? {}));
});

test('a full join beside taps only joins what was added up by day', () => {
  // A full join under which a column comes from one of two left joins was answered with null there, without an error.
  // Follow needs capture, which there is none of on distributed tables, and freeze refuses them.
  const asked = filesBelow('sql', '.sql').filter((file) => !/^sql\/(follow|freeze)\//.test(file));
  const found = asked.filter((file) => {
    const code = codeOf(file);
    return /\bfull join\b/.test(code) && new RegExp(`(?:from|join)\\s+${taps}`).test(code);
  });
  expect(found.sort()).toEqual([
    'sql/plan/stale_day.sql',
    'sql/plan/suspect_day.sql',
    'sql/status/recent_day.sql',
  ]);
  for (const file of found) {
    const [, source = ''] = /^with source_day as \(([\s\S]*?)\n\)/m.exec(codeOf(file)) ?? [];
    expect(source, file).toContain('group by 1');
    expect(codeOf(file), file).toMatch(/from source_day\s+full join processed_day using \(day\)/);
  }
});

/** Tables that `arc-gam distribute` distributes, and the views that read them. */
const spreadRelations = [
  'activity_run',
  'connection',
  'edge_strength',
  'friend',
  'frozen_digest',
  'pair',
  'pair_day',
  'pair_day_tap',
  'second_degree',
  'user_cell',
  'user_cell_day',
  'user_day_activity',
  'user_quest_progress',
  'user_streaks',
  'user_week_activity',
  'weekly_leaderboard',
];

test('a step that is not spread says which rows of a distributed table it needs; only a repair and frozen days take all', () => {
  const place = { persistence: 'temp', schema: 'x' } as const;
  const steps = loadSteps();
  const whole = steps
    .filter(({ isSpread }) => !isSpread)
    .flatMap((step) => {
      const texts = statementsOf(step, isShared(step, steps), place)
        .filter(({ purpose }) => purpose !== 'delete' && purpose !== 'upsert')
        .map(({ text }) => text.replace(/--.*$/gm, ''));
      return spreadRelations
        .filter((relation) => texts.some((text) => new RegExp(`\\b${relation}\\b`).test(text)))
        .filter((relation) => !step.slices.some(({ table }) => table === relation))
        .map((relation) => `${step.file} ${relation}`);
    });
  expect(whole.filter((one) => !/^sql\/(?:repair|frozen)\//.test(one))).toEqual([]);
  expect(whole.length).toBeGreaterThan(0);
  const unread = steps.flatMap((step) =>
    step.slices
      .filter(({ table }) => !spreadRelations.includes(table))
      .map(({ table }) => `${step.file} ${table}`),
  );
  expect(unread).toEqual([]);
});

test('whoever reads or writes facts and figures of users is spread, but for the boards and frozen days', () => {
  const home = loadSteps().filter(
    ({ isSpread, reads, before, table }) =>
      !isSpread && [...reads, ...before, table].some((relation) => spreadRelations.includes(relation)),
  );
  expect(home.map(({ file }) => file).sort()).toEqual([
    'sql/frozen/frozen_day.sql',
    'sql/frozen/frozen_digest_before.sql',
    'sql/frozen/frozen_tap.sql',
    'sql/repair/suspect_board_week.sql',
    // Only after it.
    'sql/steps/quests/quest_derived.sql',
    'sql/steps/weeks/board_week.sql',
    'sql/steps/weeks/weekly_leaderboard.sql',
  ]);
});

test('a spread step that finds users in pairs says that it is about those of its shard', () => {
  // In a shard both users of a pair are seen, and all facts of only one of them.
  const pairs = new Set(['pair', 'pair_day', 'pair_day_tap', 'changed_pair', 'changed_pair_day', 'friend']);
  const unsure = loadSteps().filter(
    (step) =>
      step.isSpread &&
      step.reads.some((table) => pairs.has(table)) &&
      !isOfPairs(step) &&
      !/\bown_user\b/.test(codeOf(step.file)),
  );
  expect(unsure.map(({ name }) => name).sort()).toEqual(Object.keys(alreadyOwn).sort());
});

/** Steps that join pairs with what is of the shard's users already, and those that ask for no user. */
const alreadyOwn: Readonly<Record<string, string>> = {
  assist_part: 'how many, which is only compared with how many',
  made_week: 'weeks, which all shards share',
  quest_done_people: 'of quest_done',
  quest_done_taps: 'of quest_pair_day, which is of quest_done_day',
  quest_reconnections: 'of quest_scope',
  suspect_made_week: 'weeks, which all shards share',
  user_streaks: 'of streak_scope',
};

/** Whether its rows are of pairs: then they are the same in both users' shards. */
const isOfPairs = ({ grain, table }: { grain: readonly string[]; table: string }): boolean =>
  grain.includes('u1_key') || grain.includes('u1') || /^(changed_pair|pair)/.test(table);

test('no common table expression or alias of a step has the name of a distributed table, which a stand-in would hide', () => {
  const named = new RegExp(
    `(?:\\bas\\s+(?:${spreadRelations.join('|')})\\b|\\b(?:${spreadRelations.join('|')}) as (?:not )?(?:materialized )?\\()`,
  );
  for (const step of loadSteps())
    for (const text of [step.select ?? '', ...step.stored, ...step.notes.map(({ select }) => select)])
      expect([step.file, named.exec(text)?.[0]]).toEqual([step.file, undefined]);
});

test('the steps of a batch see the taps by one name, so that on a cluster one statement reads them for all', () => {
  for (const step of loadSteps()) {
    expect(step.reads, step.file).not.toContain('tap');
    const code = codeOf(step.file);
    expect(/(?:from|join)\s+tap\b/.test(code), step.file).toBe(false);
    expect(/\bclassified_tap\b/.test(code), step.file).toBe(step.reads.includes('classified_tap'));
  }
  const verifying = filesBelow('sql/verify', '.sql').filter((file) =>
    /\bclassified_tap\b/.test(codeOf(file)),
  );
  expect(verifying.sort()).toEqual([
    'sql/verify/source_cell.sql',
    'sql/verify/source_pair_day.sql',
    // Of one user, for why.
    'sql/verify/tapper_scope.sql',
  ]);
});
