import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandFile } from '../../src/command-line.js';
import { endpoints } from '../../src/serve/endpoints/index.js';
import { answerSchema } from '../../src/serve/openapi.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/semantics.md',
  'docs/api.md',
  'docs/tables.md',
  'docs/questions.md',
  'docs/operations.md',
  'docs/scale.md',
  'deploy/README.md',
  'CHANGELOG.md',
];
/** Those that are about commands. */
const manuals = ['README.md', 'docs/operations.md', 'docs/scale.md', 'deploy/README.md'];

/** What a placeholder stands for, so that a flag's own rule can be held against it. */
const placeholders: readonly (readonly [RegExp, string])[] = [
  [/\bID\b/g, userId(1)],
  [/\b(DAY|TODAY)\b/g, '2026-02-03'],
  [/\b(SECONDS|N)\b/g, '30'],
  [/\b(PATH|DIR)\b/g, 'x'],
  [/\bTHAT_ROLE\b/g, 'app_owner'],
  [/"?\$ADMIN_URL"?/g, 'postgres://localhost/app'],
  [/"arc-gam-job@\$PROJECT_ID\.iam"/g, 'arc-gam-job@project.iam'],
  [/"\$\{fpath\[1\]\}[^"]*"/g, 'file'],
];

/** Headings as a code host makes anchors of them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Command lines of a text: lines of their own (code, examples), and whatever stands in backquotes. */
const commandLines = (text: string): string[] =>
  [
    ...text.matchAll(/^ *(?:[A-Z_]+=\S+ )*(?:npx |node bin\/)?arc-gam(?:\.js)? (\S.*)$/gm),
    ...text.matchAll(/`(?:npx |node bin\/)?arc-gam(?:\.js)? ([^`]+)`/g),
  ]
    .map(([, line = '']) => placeholders.reduce((filled, [from, to]) => filled.replace(from, to), line))
    // Up to what explains it, or where the shell goes on.
    .map(
      (line) =>
        line
          .split(/ {2,}| [#|>]|\.\.\./)[0]
          ?.replace(/["[\]]/g, '')
          .trim() ?? '',
    )
    // A list of what may be said, such as `completion bash\|zsh\|fish`.
    .map((line) => line.replace(/\\?\|\S*/g, ''))
    .filter((line) => line !== '');

const files = readdirSync(`${root}src/commands`).map((file) => file.replace('.ts', ''));
let program: Command;
let said: string[] = [];
beforeAll(async () => {
  program = new Command('arc-gam').exitOverride().helpCommand(false);
  for (const name of files) {
    const { command } = (await import(`${root}src/commands/${name}.ts`)) as { command: CommandFile };
    const described = command.describe(program.command(name).exitOverride());
    described.configureOutput({ writeErr: () => undefined, writeOut: (text) => said.push(text) });
    described.action(() => undefined);
  }
});

const accepts = (line: string): string | null => {
  try {
    const words = line.split(/\s+/);
    if (!files.includes(words[0] ?? '')) return null;
    program.parse(words, { from: 'user' });
    return null;
  } catch (error) {
    return (error as { code?: string }).code === 'commander.helpDisplayed' ? null : (error as Error).message;
  }
};

describe('every command that is printed is one that there is', () => {
  test.each(pages)('in %s', (page) => {
    const lines = commandLines(read(page));
    if (manuals.includes(page)) expect(lines.length).toBeGreaterThan(5);
    const refused = lines.flatMap((line) => {
      const reason = accepts(line);
      return reason === null ? [] : [`${line}: ${reason}`];
    });
    expect(refused).toEqual([]);
  });

  test.each(files)('in the examples of %s', (name) => {
    said = [];
    program.commands.find((command) => command.name() === name)?.outputHelp();
    const lines = commandLines(said.join(''));
    expect(lines.filter((line) => files.includes(line.split(' ')[0] ?? '')).length).toBeGreaterThan(0);
    expect(lines.map(accepts).filter((reason) => reason !== null)).toEqual([]);
  });

  test('a wrong one would be seen', () => {
    expect(accepts('etl --dat 2026-02-03')).toContain('unknown option');
    expect(accepts('migrate --count x')).toContain('whole number');
    expect(commandLines('Run: `arc-gam verify --full --repair`, then')).toEqual(['verify --full --repair']);
  });
});

describe('the queries of the runbook', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await addUsers(database, 1, 2);
    await addTap(database, 1, 2, '2026-02-03T10:00Z');
    await database.ok(['etl', '--date', '2026-02-03']);
  });
  afterAll(() => database.drop());

  const queries = [
    ...read('docs/operations.md').matchAll(/^ {4}((?:select|set|explain)\b(?:[^;]|\n {4})*;)/gm),
  ].map(([, query = '']) => query.replace(/\n {4}/g, '\n'));

  test('there are some', () => expect(queries.length).toBeGreaterThan(8));

  test.for(queries)('%s', async (query, { skip }) => {
    if (query.includes('pg_stat_statements')) {
      const [{ loaded = '' } = {}] = await database.rows<{ loaded: string }>(
        "select current_setting('shared_preload_libraries') as loaded",
      );
      if (!loaded.includes('pg_stat_statements')) skip('this server is started without pg_stat_statements');
      await database.client.query('create extension if not exists pg_stat_statements');
    }
    await database.client.query(query);
  });

  test('the tables that it names are all there, with a size', async () => {
    const query = queries.find((text) => text.includes('from pg_tables')) ?? '';
    expect(await database.rows(query)).toHaveLength(9);
  });
});

describe('the page of the API', () => {
  const page = read('docs/api.md');
  const code = readdirSync(`${root}src/serve`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => read(`src/serve/${path}`))
    .join('\n');
  const named = new Set(
    [...page.matchAll(/`([^`]+)`/g)].flatMap(([, quoted = '']) => quoted.match(/\w+/g) ?? []),
  );
  const missing = (names: Iterable<string>) => [...new Set(names)].filter((name) => !named.has(name));

  test.each(
    endpoints.map((endpoint) => [endpoint.name, endpoint] as const),
  )('names every field of %s', (_, endpoint) => {
    const fields = (schema: unknown): string[] =>
      typeof schema !== 'object' || schema === null
        ? []
        : Object.entries(schema).flatMap(([key, value]) => [
            ...(key === 'properties' ? Object.keys(value as object) : []),
            ...fields(value),
          ]);
    expect(fields(answerSchema(endpoint)).length).toBeGreaterThan(15);
    expect(missing(fields(answerSchema(endpoint)))).toEqual([]);
    expect(missing(Object.keys(endpoint.question.shape))).toEqual([]);
    expect(page).toContain(`/api/community/${endpoint.name}`);
  });

  test('names every setting and every code of an error', () => {
    const settings = [...read('src/serve/settings.ts').matchAll(/'([A-Z_]{8,})'|environment\.([A-Z_]+)/g)];
    expect(settings.length).toBeGreaterThan(15);
    expect(missing(settings.map(([, quoted, bare]) => quoted ?? bare ?? ''))).toEqual([]);
    const codes = [...code.matchAll(/(?:new Problem\(\s*\d+,\s*|unavailable\(\s*)'(\w+)'/g)].map(
      ([, word = '']) => word,
    );
    expect(codes.length).toBeGreaterThan(12);
    // Hung up: nobody reads that.
    expect(missing(codes.filter((word) => word !== 'hung_up'))).toEqual([]);
  });
});

describe('links', () => {
  const links = (page: string) => [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);

  test('of the README point to files of the archive, or to the repository', () => {
    const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [archive] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    const inside = archive.files.map(({ path }) => path);
    for (const link of links('README.md').filter((each) => !/^(https:|#)/.test(each))) {
      expect(
        inside.some((path) => path === link || path.startsWith(`${link}/`)),
        link,
      ).toBe(true);
    }
    for (const part of ['CHANGELOG.md', 'dist/cli.js', 'bin/arc-gam.js', 'sql/init/column.sql']) {
      expect(inside).toContain(part);
    }
  });

  test.each(pages)('of %s to the repository point to what is there', (page) => {
    const ours = links(page).flatMap((link) => {
      const [, path] =
        /^https:\/\/(?:github\.com\/arc-gam\/arc-gam\/(?:blob|tree)|raw\.githubusercontent\.com\/arc-gam\/arc-gam)\/main\/([^#]*)/.exec(
          link,
        ) ?? [];
      return path === undefined ? [] : [path];
    });
    for (const path of ours) {
      expect(existsSync(`${root}${path}`), path).toBe(true);
    }
    const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/') + 1) : '';
    for (const link of links(page).filter((each) => !/^(https?:|#)/.test(each))) {
      expect(existsSync(`${root}${folder}${link.split('#')[0]}`), link).toBe(true);
    }
    for (const link of links(page).filter((each) => /^[^:]*#/.test(each))) {
      const [path, anchor] = link.split('#');
      const target = path === '' ? page : `${folder}${path}`;
      expect(anchorsOf(read(target)), link).toContain(anchor);
    }
  });
});
