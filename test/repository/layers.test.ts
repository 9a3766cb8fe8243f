import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const imports = (path: string): string[] =>
  [...readFileSync(`${source}${path}`, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, from = '']) => from);

test('the report owns the words that it tells with: nothing of it asks another part of the house', () => {
  for (const file of readdirSync(`${source}report`)) {
    for (const from of imports(`report/${file}`)) expect(`${file} ${from}`).toMatch(/ \.\/[\w-]+\.js$/);
  }
});

test('settings are read before there is a database: they import nothing of it', () => {
  expect(imports('config.ts').sort()).toEqual(['./errors.js', './target.js']);
  expect(imports('target.ts')).toEqual(['./errors.js']);
});

test('what is shared is written once', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const defining = (name: string) =>
    files.filter((file) =>
      new RegExp(`^(export )?const ${name}\\b`, 'm').test(readFileSync(`${source}${file}`, 'utf8')),
    );
  for (const name of [
    'addDays',
    'requireMigrated',
    'requireMigratedSchema',
    'addUp',
    'rowsWritten',
    'rowsOf',
    'sentence',
  ]) {
    expect(defining(name), name).toHaveLength(1);
  }
});

test('which place a cell counts as is said once for the steps and once for verify', () => {
  const sql = fileURLToPath(new URL('../../sql/', import.meta.url));
  const files = readdirSync(sql, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.sql'),
  );
  const using = files.filter((file) =>
    /geohash5_(place|name|middle)\(/.test(readFileSync(`${sql}${file}`, 'utf8')),
  );
  expect(using.filter((file) => /^(verify|checks|why)\//.test(file))).toEqual([]);
  expect(using.length).toBeGreaterThan(1);
});

test('what is known of a cluster knows nothing of what is done there', () => {
  for (const file of readdirSync(`${source}citus`))
    for (const from of imports(`citus/${file}`))
      expect(`${file} ${from}`).toMatch(/ (\.\/|\.\.\/(db\/|config|errors|files|sql-text))/);
});
