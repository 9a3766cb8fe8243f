import type pg from 'pg';
import type { Row, Value } from '../../src/db/transaction.js';
import { readPackageFile } from '../../src/files.js';
import { endpoints } from '../../src/serve/endpoints/index.js';
import type { CommonQuestion } from '../../src/serve/question.js';
import { type Context, openCache, openPlaces } from '../../src/serve/reading/context.js';
import type { Reading } from '../../src/serve/reading/store.js';
import { openUsers } from '../../src/serve/reading/users.js';
import { readOptOuts, readViewer } from '../../src/serve/reading/viewer.js';
import { readServeSettings } from '../../src/serve/settings.js';

/** What a statement of the API read for one viewer. */
export interface Reads {
  readonly query: string;
  readonly milliseconds: number;
  /** 8 kB blocks, found in memory or not. */
  readonly blocks: number;
  /** Rows of the application's taps that were looked at, those that were thrown away included. */
  readonly taps: number;
  /** Tables read from end to end, with their rows. */
  readonly wholeTables: readonly string[];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

/** What each endpoint is asked besides for whom; default: nothing. */
const queries: Readonly<Record<string, readonly Record<string, string>[]>> = {
  weekly: [{ time_window: '7d' }, { time_window: '365d' }],
  radar: [{ hours: '24' }, { hours: '168' }, { hours: '168', city: 'Austin' }],
};

/** Tables that a request may read from end to end: a row per day, per run, per quest or per surge of all time. */
const small = new Set(['processed_day', 'run', 'setting', 'quest_definitions', 'quest_rule']);

/**
 * Answers every endpoint for a viewer as the server does, each of its statements explained with what it really read.
 * Nothing is said twice about parameters: they are those that the server binds.
 */
export const explainApi = async (client: pg.Client, userId: string, now: string): Promise<Reads[]> => {
  const reads: Reads[] = [];
  const explained = async (name: string, parameters: readonly Value[]): Promise<pg.QueryResult> => {
    const text = readPackageFile(`sql/api/${name}.sql`);
    // Prepared, as the server has them: one plan for all viewers.
    await client.query(`prepare explained as ${text}`);
    const values = parameters.map((value) => (value === null ? 'null' : client.escapeLiteral(String(value))));
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode; 'Execution Time': number }[] }>(
      `explain (analyze, buffers, format json) execute explained${values.length > 0 ? `(${values.join(', ')})` : ''}`,
    );
    await client.query('deallocate explained');
    const [plan] = rows[0]?.['QUERY PLAN'] ?? [];
    if (plan !== undefined) reads.push(describePlan(name, plan.Plan, plan['Execution Time']));
    return client.query({ text, values: [...parameters], types: textDates });
  };
  let last: Promise<unknown> = Promise.resolve();
  const reading: Reading = {
    query: async <Result extends Row>(name: string, parameters: readonly Value[]) => {
      const turn = last.then(() => explained(name, parameters));
      last = turn;
      return (await turn).rows as Result[];
    },
  };
  await client.query(
    'begin isolation level repeatable read read only; set local search_path = gamification, pg_temp; set local jit = off; set local plan_cache_mode = force_generic_plan',
  );
  try {
    const serve = readServeSettings({});
    for (const tz of [undefined, 'Asia/Tokyo']) {
      const { watermark, viewer } = await readViewer(reading, userId, { fallbackZone: 'UTC', zone: tz, now });
      const context: Context = {
        reading,
        watermark,
        viewer,
        serve,
        optOuts: await readOptOuts(reading),
        cache: openCache((use) => use(reading)),
        places: openPlaces(),
        users: openUsers(),
        describe: () => undefined,
      };
      for (const endpoint of endpoints) {
        for (const query of queries[endpoint.name] ?? [{}]) {
          const question = endpoint.question.parse({ user_id: userId, tz, ...query });
          await endpoint.revision?.(reading);
          await endpoint.read(context, question as CommonQuestion);
        }
      }
    }
    return reads;
  } finally {
    await client.query('rollback');
  }
};

const textDates: pg.CustomTypesConfig = {
  getTypeParser: ((type: number) => {
    if (type === 1184) return (text: string) => new Date(text).toISOString();
    if (type === 1082 || ![16, 20, 21, 23, 700, 701].includes(type)) return (text: string) => text;
    return type === 16 ? (text: string) => text === 't' : Number;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

const describePlan = (query: string, plan: PlanNode, milliseconds: number): Reads => {
  const wholeTables: string[] = [];
  let taps = 0;
  const visit = (node: PlanNode): void => {
    const table = node['Relation Name'];
    const rows =
      node['Actual Loops'] *
      (node['Actual Rows'] +
        (node['Rows Removed by Filter'] ?? 0) +
        (node['Rows Removed by Index Recheck'] ?? 0));
    if (table === 'taps') taps += rows;
    if (table !== undefined && node['Node Type'] === 'Seq Scan' && rows > 0 && !small.has(table)) {
      wholeTables.push(`${table} (${rows})`);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(plan);
  return {
    query,
    milliseconds,
    blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    taps,
    wholeTables,
  };
};
