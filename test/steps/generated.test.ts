import { expect, test } from 'vitest';
import { convergingSteps } from '../../src/pipeline/meaning.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { createDatabase } from '../server/database.js';

test('a step that updates a table with generated columns assigns something that each is computed from', async () => {
  const database = await createDatabase();
  try {
    const { rows } = await database.client.query<{ table_name: string; name: string; bases: string }>(
      `select pg_attrdef.adrelid::regclass::text as table_name, generated.attname::text as name,
         string_agg(base.attname::text, ',') as bases
       from pg_attrdef
       join pg_attribute as generated
         on generated.attrelid = pg_attrdef.adrelid and generated.attnum = pg_attrdef.adnum
       join pg_depend
         on pg_depend.classid = 'pg_attrdef'::regclass and pg_depend.objid = pg_attrdef.oid
         and pg_depend.refobjid = pg_attrdef.adrelid and pg_depend.refobjsubid <> pg_attrdef.adnum
       join pg_attribute as base
         on base.attrelid = pg_attrdef.adrelid and base.attnum = pg_depend.refobjsubid
       where generated.attgenerated = 's'
         and (select relnamespace from pg_class where oid = pg_attrdef.adrelid) = 'gamification'::regnamespace
       group by 1, 2`,
    );
    await database.client.query('set search_path = gamification');
    const found: string[] = [];
    for (const step of convergingSteps(loadSteps())) {
      const assigned = [...step.values, ...step.carries, ...step.stamps, ...step.assigns];
      // Without one, its rows are only inserted and deleted.
      if (assigned.length === 0) continue;
      const generated = rows
        .filter(({ table_name }) => table_name.replace(/.*\./, '') === step.table)
        .map(({ name, bases }) => ({ name, bases: bases.split(',') }));
      for (const { name, bases } of generated) {
        found.push(`${step.table}.${name}`);
        expect(
          bases.some((base) => assigned.includes(base)),
          `${step.file}: nothing of ${bases.join(', ')}, of which ${name} is computed, is assigned`,
        ).toBe(true);
      }
      for (const column of step.assigns) {
        expect(step.grain, step.file).toContain(column);
        expect(
          generated.flatMap(({ bases }) => bases),
          step.file,
        ).toContain(column);
      }
    }
    expect(found).toContain('weekly_leaderboard.week_start');
  } finally {
    await database.drop();
  }
});
