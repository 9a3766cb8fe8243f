/**
 * Writes docs/tables.md: every table, view, column and function of the target schema with its comment, as a migrated
 * database has them, and two pictures that code hosts draw.
 *   npm run docs:tables
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { readSettings } from '../src/config.js';
import { withDatabase } from '../src/db/database.js';
import { startEmbedded } from '../src/demo/embedded.js';
import { migrateUp } from '../src/migrate/migrate.js';
import { loadSteps } from '../src/pipeline/order.js';
import { isPreparing, type Step, writesOf } from '../src/pipeline/step.js';

interface Relation {
  readonly name: string;
  readonly is_view: boolean;
  readonly comment: string | null;
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
}

interface Column {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
  readonly is_nullable: boolean;
  readonly comment: string | null;
}

interface Documented {
  readonly name: string;
  readonly comment: string | null;
}

/** What people and applications read; everything else serves it. */
const figures = [
  'user_day_activity',
  'user_week_activity',
  'user_streaks',
  'edge_strength',
  'weekly_leaderboard',
  'user_quest_progress',
  'quest_definitions',
  'home_location_struct',
  'surge_windows',
];

const relationsSql = `
  select
    relation.relname::text as name,
    relation.relkind = 'v' as is_view,
    obj_description(relation.oid, 'pg_class') as comment,
    array(
      select attribute.attname::text
      from pg_index as key
      cross join lateral unnest(key.indkey[0:key.indnkeyatts - 1]) with ordinality as part (attnum, place)
      join pg_attribute as attribute on attribute.attrelid = key.indrelid and attribute.attnum = part.attnum
      where key.indrelid = relation.oid and key.indisprimary
      order by part.place
    ) as key
  from pg_class as relation
  where relation.relnamespace = $1::text::regnamespace and relation.relkind in ('r', 'v')
  order by relation.relname collate "C"`;

const columnsSql = `
  select
    relation.relname::text as relation,
    attribute.attname::text as name,
    format_type(attribute.atttypid, attribute.atttypmod) as type,
    not attribute.attnotnull as is_nullable,
    col_description(relation.oid, attribute.attnum) as comment
  from pg_class as relation
  join pg_attribute as attribute on attribute.attrelid = relation.oid
  where relation.relnamespace = $1::text::regnamespace
    and relation.relkind in ('r', 'v')
    and attribute.attnum > 0
    and not attribute.attisdropped
  order by relation.relname collate "C", attribute.attnum`;

const indexesSql = `
  select
    relation.relname::text as relation,
    pg_get_indexdef(index.indexrelid, 0, true) as definition,
    obj_description(index.indexrelid, 'pg_class') as comment
  from pg_index as index
  join pg_class as relation on relation.oid = index.indrelid
  where relation.relnamespace = $1::text::regnamespace and not index.indisprimary
  order by relation.relname collate "C", index.indexrelid::regclass::text collate "C"`;

const functionsSql = `
  select
    format('%s(%s)', function.proname, pg_get_function_identity_arguments(function.oid)) as name,
    obj_description(function.oid, 'pg_proc') as comment
  from pg_proc as function
  where function.pronamespace = $1::text::regnamespace and function.prorettype <> 'trigger'::regtype
  order by 1`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const needed = (what: string, comment: string | null): string => {
  if (comment === null) throw new Error(`${what} has no comment.`);
  return comment;
};

/** The page of a migrated schema. Throws, naming it, where something has no comment. */
export const tablesPage = async (client: pg.ClientBase, schema: string): Promise<string> => {
  const rows = async <Found extends pg.QueryResultRow>(text: string) =>
    (await client.query<Found>(text, [schema])).rows;
  await client.query("select set_config('search_path', $1, false)", [schema]);
  // Arrays come as text where a client is told to parse nothing.
  const relations = (await rows<Omit<Relation, 'key'> & { key: string[] | string }>(relationsSql)).map(
    (one) => ({
      ...one,
      is_view: [true, 't'].includes(one.is_view),
      key: typeof one.key === 'string' ? one.key.slice(1, -1).split(',').filter(Boolean) : one.key,
    }),
  );
  const columns = (await rows<Column>(columnsSql)).map((one) => ({
    ...one,
    is_nullable: [true, 't'].includes(one.is_nullable),
  }));
  const indexes = await rows<{ relation: string; definition: string; comment: string | null }>(indexesSql);
  const functions = await rows<Documented>(functionsSql);
  const steps = loadSteps();

  const described = ({ name, is_view, comment, key }: Relation): string[] => {
    const writers = steps.filter(
      (step) => step.table === name && !isPreparing(step) && step.runs !== 'repair',
    );
    return [
      `#### ${name}`,
      '',
      needed(name, comment),
      '',
      ...(is_view
        ? []
        : [
            [
              ...(key.length === 0 ? [] : [`Key: ${key.map((column) => `\`${column}\``).join(', ')}.`]),
              ...writers.map(({ file }) => `Written by [${file}](../${file}).`),
            ].join(' '),
            '',
          ]),
      is_view ? '| column | type | |' : '| column | type | null | |',
      is_view ? '| --- | --- | --- |' : '| --- | --- | --- | --- |',
      ...columns
        .filter((column) => column.relation === name)
        .map(
          (column) =>
            `| \`${column.name}\` | ${column.type} | ${is_view ? '' : `${column.is_nullable ? 'yes' : ''} | `}${cell(needed(`${name}.${column.name}`, column.comment))} |`,
        ),
      '',
      ...indexes
        .filter((index) => index.relation === name)
        .map(
          ({ definition, comment }) =>
            `- \`${definition.replace(/^CREATE (UNIQUE )?INDEX (\w+) ON \S+ /, (_, unique = '', index: string) => `${index}: ${String(unique).toLowerCase()}`).replace(/USING btree /, '')}\`${comment === null ? '' : `: ${comment}`}`,
        ),
      ...(indexes.some((index) => index.relation === name) ? [''] : []),
    ];
  };

  const stored = new Set(steps.filter((step) => !isPreparing(step)).map((step) => step.table));
  const groups: [string, string, (relation: Relation) => boolean][] = [
    ['Figures', 'What people and applications read.', ({ name }) => figures.includes(name)],
    [
      'Views',
      "Rows of the other tables in the words of whoever reads them; `tap`, `app_user` and `classified_tap` are the only place that knows the application's names.",
      ({ is_view }) => is_view,
    ],
    [
      'Gazetteer',
      'Places, and the names by which homes are found. Filled by `arc-gam migrate`.',
      ({ name }) => name.startsWith('gazetteer_'),
    ],
    [
      'Facts and what lies between',
      'What the figures are made of. Private: their layout may change with any version.',
      ({ name }) => stored.has(name),
    ],
    ['Bookkeeping', 'What was done, with what, and what waits. Private as well.', () => true],
  ];
  const grouped = new Map<string, Relation[]>(groups.map(([title]) => [title, []]));
  for (const relation of relations) {
    const [title = ''] = groups.find(([, , holds]) => holds(relation)) ?? [];
    grouped.get(title)?.push(relation);
  }
  grouped.get('Figures')?.sort((one, other) => figures.indexOf(one.name) - figures.indexOf(other.name));

  return [
    '# Tables',
    '',
    'Every table and view of the target schema with its columns, from the comments in the database: `\\d+` shows the same.',
    'Generated by `npm run docs:tables`; to change a sentence, change the comment by a migration. What the numbers mean is in',
    '[semantics.md](semantics.md), questions that they answer are in [questions.md](questions.md).',
    '',
    '## The tables',
    '',
    'An arrow leads to the table that a column points to. Keys only; the gazetteer, views and bookkeeping are left out.',
    '',
    '```mermaid',
    ...tablesPicture(relations, columns, stored),
    '```',
    '',
    ...groups.flatMap(([title, text]) => [
      `### ${title}`,
      '',
      text,
      '',
      ...(grouped.get(title) ?? []).flatMap(described),
    ]),
    '### Functions',
    '',
    '| function | |',
    '| --- | --- |',
    ...functions.map(({ name, comment }) => `| \`${cell(name)}\` | ${cell(needed(name, comment))} |`),
    '',
    '## The steps',
    '',
    'In which order a batch runs them: a step comes after all whose rows it reads. Only the nearest of them have an arrow. Rounded:',
    'it prepares rows for others, and what it makes is gone with the batch. `arc-gam step` lists the same, `arc-gam step NAME` shows',
    'the statements of one.',
    '',
    '```mermaid',
    ...stepsPicture(steps.filter((step) => step.runs !== 'repair' && step.runs !== 'frozen')),
    '```',
    '',
    'Before them, where `verify --repair` asked for it or a table is derived again, run those of sql/repair: they say for whom, and',
    'sweep rows that belong to nobody. Where somebody is erased from [frozen days](semantics.md#frozen-days), those of sql/frozen give',
    'back what their taps were.',
    '',
    '| | step | writes | reads |',
    '| --- | --- | --- | --- |',
    ...steps.map(
      (step, index) =>
        `| ${index + 1} | [${step.name}](../${step.file}) | ${writesOf(step).join(', ')} | ${[...step.reads, ...step.before.map((table) => `${table} (as it was)`)].join(', ')} |`,
    ),
    '',
  ].join('\n');
};

/** Tables that steps write, and those that their columns point to, by the name of a key. */
const tablesPicture = (
  relations: readonly Relation[],
  columns: readonly Column[],
  stored: ReadonlySet<string>,
): string[] => {
  const shown = relations.filter(({ name }) => stored.has(name) || name === 'quest_definitions');
  const targets = new Map([
    ['user_key', 'user_key'],
    ['u1_key', 'user_key'],
    ['u2_key', 'user_key'],
    ['user_id', 'app_user'],
    ['u1', 'app_user'],
    ['u2', 'app_user'],
    ['quest_id', 'quest_definitions'],
  ]);
  const lines = ['erDiagram'];
  for (const { name, key } of shown) {
    const typeOf = (column: string) =>
      columns.find((one) => one.relation === name && one.name === column)?.type.replace(/\W+/g, '_') ?? '';
    lines.push(`  ${name} {`, ...key.map((column) => `    ${typeOf(column)} ${column} PK`), '  }');
  }
  for (const { name } of shown) {
    const pointing = new Map<string, string[]>();
    for (const column of columns.filter((one) => one.relation === name)) {
      const target = targets.get(column.name);
      if (target === undefined || target === name) continue;
      pointing.set(target, [...(pointing.get(target) ?? []), column.name]);
    }
    for (const [target, names] of pointing) lines.push(`  ${target} ||--o{ ${name} : "${names.join(', ')}"`);
  }
  return lines;
};

const folderOf = (step: Step): string => step.file.split('/').at(-2) ?? '';

/** Steps in their folders; an arrow to whoever reads what a step wrote, unless a longer way says so already. */
const stepsPicture = (steps: readonly Step[]): string[] => {
  const earlier = new Map<Step, Set<Step>>();
  steps.forEach((step, index) => {
    const sources = steps
      .slice(0, index)
      .filter((other) => writesOf(other).some((table) => step.reads.includes(table)));
    earlier.set(step, new Set(sources));
  });
  const reach = new Map<Step, Set<Step>>();
  for (const step of steps) {
    const all = new Set<Step>();
    for (const source of earlier.get(step) ?? []) {
      all.add(source);
      for (const further of reach.get(source) ?? []) all.add(further);
    }
    reach.set(step, all);
  }
  const lines = ['flowchart LR'];
  for (const folder of new Set(steps.map(folderOf))) {
    // `graph` by itself is a word of Mermaid's.
    lines.push(`  subgraph steps_${folder} [${folder}]`);
    for (const step of steps.filter((one) => folderOf(one) === folder))
      lines.push(isPreparing(step) ? `    ${step.name}([${step.name}])` : `    ${step.name}[${step.name}]`);
    lines.push('  end');
  }
  for (const step of steps) {
    const sources = [...(earlier.get(step) ?? [])];
    for (const source of sources) {
      const isLonger = sources.some((other) => other !== source && reach.get(other)?.has(source));
      if (!isLonger) lines.push(`  ${source.name} --> ${step.name}`);
    }
  }
  return lines;
};

const main = async (): Promise<void> => {
  const page = fileURLToPath(new URL('../docs/tables.md', import.meta.url));
  const server = await startEmbedded({ settings: { fsync: 'off' } });
  try {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      await client.query(`
        create table public.users (id uuid primary key, name text, home text);
        create table public.taps (
          id uuid primary key, id1 uuid, id2 uuid, time timestamptz, latitude double precision, longitude double precision
        );`);
      const settings = readSettings({ databaseUrl: server.url }, {});
      await withDatabase(settings, 'docs', undefined, (database) =>
        migrateUp(database, settings, { waitSeconds: 0 }),
      );
      writeFileSync(page, await tablesPage(client, settings.schema));
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
