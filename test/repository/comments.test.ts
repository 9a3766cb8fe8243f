import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const filesBelow = (folder: string, endings: RegExp): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => endings.test(path) && !path.includes('/node_modules/') && !path.endsWith('.d.ts'));

/** All that stays in the repository and is written by hand. */
const files = [
  ...filesBelow('src', /\.ts$/),
  ...filesBelow('sql', /\.sql$/),
  ...filesBelow('migrations', /\.sql$/),
  ...filesBelow('scripts', /\.(ts|mjs)$/),
  ...filesBelow('bench', /\.(ts|mjs|sql)$/),
  ...filesBelow('test', /\.ts$/),
  ...filesBelow('page', /\.(js|css|html)$/),
].filter((path) => path !== 'test/repository/comments.test.ts');

const folders = ['src', 'sql', 'migrations', 'scripts', 'bench', 'test', 'page', 'docs', 'deploy'];
const endings = 'sql|ts|mjs|js|css|csv|md|sh|tf|json|yaml|png';

const commentLines = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [, comment] = /(?:^|\s)(?:--|\/\/|\/\*+|\*)\s(.*)$/.exec(line) ?? [];
    return comment === undefined ? [] : [comment];
  });

/** Files of the repository that a text names: by their path from its root, or a page by its name. */
const pathsIn = (text: string): string[] => [
  ...[
    ...text.matchAll(
      new RegExp(`(?<![\\w./-])((?:${folders.join('|')})/[\\w./-]*\\.(?:${endings}))(?![\\w-])`, 'g'),
    ),
  ].map(([, path = '']) => path),
  ...[...text.matchAll(/(?<![\w./-])([A-Z]+\.md)\b/g)].map(([, path = '']) => path),
];

/** Headings as a code host makes anchors of them. */
const anchorsOf = (page: string): string[] =>
  [...readFileSync(`${root}${page}`, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('no comment points to a file that is not there', () => {
  const missing = files.flatMap((file) =>
    commentLines(readFileSync(`${root}${file}`, 'utf8'))
      .flatMap(pathsIn)
      .filter((path) => !existsSync(`${root}${path}`))
      .map((path) => `${file}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('no message points to a file that is not there', () => {
  const missing = files
    .filter((file) => file.startsWith('src/'))
    .flatMap((file) =>
      pathsIn(readFileSync(`${root}${file}`, 'utf8'))
        .filter((path) => !existsSync(`${root}${path}`))
        .map((path) => `${file}: ${path}`),
    );
  expect(missing).toEqual([]);
});

test('a section of a page that a comment names is there', () => {
  const named = files.flatMap((file) =>
    [...readFileSync(`${root}${file}`, 'utf8').matchAll(/\b(docs\/\w+\.md)#([\w-]+)/g)].map(
      ([, page = '', anchor = '']) => ({ file, page, anchor }),
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  for (const { file, page, anchor } of named) expect(anchorsOf(page), `${file}: ${page}`).toContain(anchor);
});

test('no comment points to a page of which nobody has a copy', () => {
  const lost = files.flatMap((file) =>
    commentLines(readFileSync(`${root}${file}`, 'utf8'))
      .filter((comment) =>
        /\bof the contract\b|\bthe contract\b|\bsection \d|\bthe method's step/i.test(comment),
      )
      .map((comment) => `${file}: ${comment}`),
  );
  expect(lost).toEqual([]);
});

test('a wrong one would be seen', () => {
  expect(
    commentLines("const one = 1; // As sql/api/gone.sql says.\nconst two = 'sql/api/gone.sql';"),
  ).toEqual(['As sql/api/gone.sql says.']);
  expect(pathsIn('see sql/api/gone.sql, docs/api.md#health and API.md')).toEqual([
    'sql/api/gone.sql',
    'docs/api.md',
    'API.md',
  ]);
});

test('a comment line fits into 120 columns', () => {
  const long = files
    .filter((file) => /^(src|sql|test|page|deploy|scripts)\//.test(file) && !/\.(md|csv)$/.test(file))
    .flatMap((file) =>
      readFileSync(`${root}${file}`, 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          line.length > 120 && /^\s*(--(?![!:])|\/\/|\/?\*|#)/.test(line) ? [`${file}:${index + 1}`] : [],
        ),
    );
  expect(long).toEqual([]);
});
