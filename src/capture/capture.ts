import type pg from 'pg';
import { inspectCluster, refuseCapture } from '../citus/cluster.js';
import type { Settings } from '../config.js';
import type { Database } from '../db/database.js';
import { askClient } from '../db/database.js';
import { type WaitOptions, withLockedTransaction } from '../db/run-lock.js';
import type { Session } from '../db/transaction.js';
import { usageFailure, workFailure } from '../errors.js';
import { readPackageFile, sha256 } from '../files.js';
import { makeCaptureFunctions } from '../migrate/capture-functions.js';
import { sourceRelations } from '../migrate/migrations.js';
import { actAsOwner } from '../migrate/owner.js';
import { inspectSource, type SourceTable } from '../migrate/source.js';

/**
 * Whether runs may rely on the triggers. `off`: there are none. `pending`: they are there, but no run has checked all
 * of history since. `ready`: a run may rely on them. `broken`: one is missing or disabled, and changes may have gone
 * unseen.
 */
export type CaptureState = 'off' | 'pending' | 'ready' | 'broken';

const events = ['insert', 'update', 'delete', 'truncate'] as const;
const triggerCount = events.length * 2;

/** State of capture, as a run sees it in its own snapshot. */
export const captureState = async (session: Session): Promise<CaptureState> => {
  const [setting] = await session.query<{ value: string }>("select value from setting where key = 'capture'");
  if (setting === undefined) return 'off';
  const [triggers] = await session.query<{ is_complete: boolean }>(readPackageFile('sql/capture/state.sql'), [
    triggerCount,
  ]);
  if (!triggers?.is_complete) return 'broken';
  return setting.value === 'ready' ? 'ready' : 'pending';
};

/** Notes whether the next run may rely on the triggers. */
export const setCaptureState = async (session: Session, state: 'pending' | 'ready'): Promise<void> => {
  await session.query("update setting set value = $1::text where key = 'capture' and value <> $1::text", [
    state,
  ]);
};

/**
 * Makes the triggers on the application's taps and users, waiting for their writers up to the lock timeout. Throws a
 * usage failure where rows of one of the two are written past them, and a failure that names the grant where the
 * privilege is missing.
 */
export const captureOn = (database: Database, settings: Settings, options: WaitOptions): Promise<void> =>
  withLockedTransaction(database, settings, { what: 'capture', ...options }, async (client) => {
    const { taps, users } = await inspectSource(client, settings);
    refuseCapture(await inspectCluster(askClient(client), { taps: taps.sql, users: users.sql }));
    const read = await sourceRelations(client, settings.schema);
    const further = read.find(({ view, oid }) => oid !== (view === 'tap' ? taps.oid : users.oid));
    if (further !== undefined) {
      throw usageFailure(
        `The mapping reads ${further.name} as well, whose changes no trigger on ${taps.name} and ${users.name} would see. Leave capture off; runs then compare all of history.`,
      );
    }
    for (const table of [taps, users]) {
      const { rows } = await client.query<{ why_not: string | null; may: boolean; role: string }>(
        readPackageFile('sql/capture/table.sql'),
        [table.oid],
      );
      if (rows[0]?.why_not != null) {
        throw usageFailure(
          `${table.name} ${rows[0].why_not}: triggers on it would miss rows that are written another way. Leave capture off; runs then compare all of history.`,
        );
      }
      if (!rows[0]?.may) {
        throw workFailure(
          `capture on needs the TRIGGER privilege on ${table.name}. Let its owner run: grant trigger on ${table.sql} to "${rows[0]?.role}";`,
        );
      }
    }
    // The functions are the schema's owner's, as they run with the rights of theirs; the triggers are made by who may.
    const back = await actAsOwner(client, settings.schema, 'capture on');
    await makeCaptureFunctions(client, settings.schema, { taps, users });
    await client.query(
      "insert into setting (key, value) values ('capture', 'pending') on conflict (key) do update set value = excluded.value",
    );
    await client.query(back);
    await createTriggers(client, settings.schema, taps, 'capture_taps');
    await createTriggers(client, settings.schema, users, 'capture_users');
  });

/** Removes the triggers and what they had noted. */
export const captureOff = (database: Database, settings: Settings, options: WaitOptions): Promise<void> =>
  withLockedTransaction(database, settings, { what: 'capture', ...options }, async (client) => {
    const { rows } = await client.query<{ name: string; relation: string; owner: string; may: boolean }>(
      readPackageFile('sql/capture/trigger.sql'),
    );
    const refused = rows.find(({ may }) => !may);
    if (refused !== undefined) {
      throw workFailure(
        `Only '${refused.owner}' may drop the triggers on ${refused.relation}. Run capture off as a role that has the rights of '${refused.owner}' and of the schema's owner, for example the administrator that ran arc-gam grants.`,
      );
    }
    for (const { name, relation } of rows) await client.query(`drop trigger "${name}" on ${relation}`);
    await client.query('drop function if exists capture_taps(), capture_users()');
    await client.query('delete from change_queue');
    await client.query('delete from captured_day');
    await client.query("delete from setting where key = 'capture'");
  });

const createTriggers = async (
  client: pg.Client,
  schema: string,
  table: SourceTable,
  procedure: string,
): Promise<void> => {
  const rows = {
    insert: 'referencing new table as new_row',
    update: 'referencing old table as old_row new table as new_row',
    delete: 'referencing old table as old_row',
    truncate: '',
  } as const;
  for (const event of events) {
    // Two schemas may capture the same table, so the schema is part of the trigger's name, of 63 letters at most.
    const part = schema.length > 38 ? `${schema.slice(0, 29)}_${sha256(schema).slice(0, 8)}` : schema;
    const name = `arc_gam_capture_${event}_${part}`;
    await client.query(`drop trigger if exists "${name}" on ${table.sql}`);
    await client.query(
      `create trigger "${name}" after ${event} on ${table.sql} ${rows[event]} for each statement execute function ${procedure}()`,
    );
  }
};
