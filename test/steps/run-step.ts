import type pg from 'pg';
import { countOfStage, statementsOf } from '../../src/pipeline/converge.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { isPreparing, isShared, type StepParameter } from '../../src/pipeline/step.js';

const steps = loadSteps();

/**
 * Runs one step's statements by themselves, as a batch does: a preparing step makes its scratch table (which must not
 * be there), any other brings its table to what its SELECT says. Needs what the step reads. Returns the rows written.
 */
export const runStep = async (
  client: pg.ClientBase,
  name: string,
  parameters: Partial<Record<StepParameter, unknown>> = {},
): Promise<{ inserted: number; updated: number; deleted: number }> => {
  const step = steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step is called ${name}`);
  let counts = { inserted: 0, updated: 0, deleted: 0 };
  for (const { purpose, text, params } of statementsOf(step, isShared(step, steps), {
    persistence: 'temp',
    schema: 'public',
  })) {
    const { rowCount } = await client.query(
      text,
      params.map((parameter) => parameters[parameter]),
    );
    if (purpose === 'prepare') counts = { inserted: rowCount ?? 0, updated: 0, deleted: 0 };
    if (purpose !== 'stage') continue;
    const { rows } = await client.query(countOfStage);
    counts = {
      inserted: Number(rows[0].inserted),
      updated: Number(rows[0].updated),
      deleted: Number(rows[0].deleted),
    };
  }
  if (!isPreparing(step)) await client.query('drop table stage');
  return counts;
};
