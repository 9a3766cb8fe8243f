import { expect, test } from 'vitest';
import { createDatabase } from '../server/database.js';

test('every plain expression that is a function becomes part of the statement that calls it', async () => {
  const database = await createDatabase();
  try {
    const { rows } = await database.client.query<{ name: string; call: string; given: string }>(
      `select proname::text as name,
         format('%I(%s)', proname, string_agg(format('given.%I', argument.name), ', ' order by argument.number)) as call,
         string_agg(
           format('null::%s as %I', argument.type::oid::regtype, argument.name), ', ' order by argument.number
         ) as given
       from pg_proc
       cross join unnest(proargtypes::oid[], proargnames) with ordinality as argument (type, name, number)
       where pronamespace = 'gamification'::regnamespace
         and prolang = (select oid from pg_language where lanname = 'sql')
         and not proretset
         and pg_get_function_sqlbody(pg_proc.oid) !~* 'select'
       group by pg_proc.oid`,
    );
    await database.client.query('set search_path = gamification');
    const called: string[] = [];
    for (const { name, call, given } of rows) {
      const plan = await database.client.query<{ 'QUERY PLAN': string }>(
        `explain (verbose, costs off)
         select ${call} from (select ${given} from generate_series(1, 2) offset 0) as given`,
      );
      if (plan.rows.some((row) => row['QUERY PLAN'].includes(`${name}(`))) called.push(name);
    }
    expect(called, 'A strict function with a CASE, for one, is called for each row').toEqual([]);
    expect(rows.map(({ name }) => name)).toContain('place_key');
  } finally {
    await database.drop();
  }
});
