import { expect, test } from 'vitest';
import { partByPart } from '../../src/citus/reading.js';
import { statementsIn } from '../../src/citus/statements.js';
import { readPackageFile, sqlFilesIn } from '../../src/files.js';

test('a script is cut at the semicolons that end a statement, and at no other', () => {
  const script = `
    -- one; more
    create table a (b text default ';' /* ; */);
    create function c() returns text language plpgsql as $body$ begin; perform 1; end $body$;
    create function d() returns integer language sql begin atomic select case when true then 1; end else 2 end; select 2; end;
    comment on table "e;f" is 'it''s; here';
    -- nothing;
  `.replace('then 1; end else', 'then 1 else');
  expect(statementsIn(script).map((statement) => statement.split('\n').at(-1)?.trim().slice(0, 20))).toEqual([
    'create table a (b te',
    'create function c() ',
    'create function d() ',
    'comment on table "e;',
  ]);
});

test('every migration is cut into statements that begin as one, and nothing of it is lost', () => {
  for (const file of sqlFilesIn('migrations')) {
    const text = readPackageFile(`migrations/${file}`);
    const statements = statementsIn(text);
    for (const statement of statements)
      expect([file, statement.replace(/^(?:--[^\n]*\n|\s)+/, '')]).toEqual([
        file,
        expect.stringMatching(
          /^(?:create|drop|alter|comment|insert|update|delete|truncate|revoke|grant|do|lock|select|analyze)\b/,
        ),
      ]);
    const words = (sql: string) =>
      sql
        .replace(/--[^\n]*|;/g, '')
        .split(/\s+/)
        .filter((word) => word !== '');
    expect(words(statements.join('\n'))).toEqual(words(text));
  }
});

test('on a cluster each common table expression of the API is asked for by itself', () => {
  const text =
    'with one as (\n  select 1\n), two as materialized (\n  select 2\n), three as (\n  select 3\n)\nselect 4';
  expect(partByPart(text)).toBe(
    'with one as materialized (\n  select 1\n), two as materialized (\n  select 2\n), three as materialized (\n  select 3\n)\nselect 4',
  );
});
