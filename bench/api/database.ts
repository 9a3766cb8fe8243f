import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../src/demo/embedded.js';
import { runCommand } from '../measure.js';
import { runReference } from '../reference.js';
import {
  benchFile,
  dayAt,
  makeData,
  openServer,
  openWorld,
  type Size,
  serverSettings,
  type World,
} from '../world.js';

export type Fill = 'backfill' | 'reference';

/** The last processed day: the one after it is today, whose taps nobody has derived yet. */
export const asOfDay = (size: Size): string => dayAt(size.days - 2);

/** The moment that the API answers for: the evening of the last day with taps. */
export const nowAt = (size: Size): string => `${dayAt(size.days - 1)}T18:30:00Z`;

/** A world whose rollups are filled up to the as-of day, by arc-gam itself or, quicker, from the reference's tables. */
export const makeWorld = async (size: Size, seed: number, fill: Fill): Promise<World> => {
  const world = await openWorld('api');
  try {
    await fillWorld(world, size, seed, fill);
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
};

/** The same in a server whose folder is kept: the next call with it finds the data instead of making it. */
export const keepWorld = async (directory: string, size: Size, seed: number, fill: Fill): Promise<World> => {
  const wasRunning = existsSync(join(directory, 'data', 'postmaster.pid'));
  const embedded = await startEmbedded({ directory, settings: serverSettings });
  const server = await openServer(embedded.url);
  const admin = new pg.Client({ connectionString: embedded.url });
  await admin.connect();
  const name = `api_${fill}_${size.users}_${size.taps}_${size.days}_${seed}`;
  const { rows } = await admin.query('select from pg_database where datname = $1', [name]);
  if (rows.length === 0) {
    // A fill that was stopped leaves no database of the name that is looked for.
    const building = `${name}_unfinished`;
    await server.drop(building);
    const unfinished = await server.open(building, { keep: true });
    await fillWorld(unfinished, size, seed, fill);
    await unfinished.close();
    await admin.query(`alter database ${building} rename to ${name}`);
  }
  await admin.end();
  const world = await server.open(name, { keep: true });
  const close = async () => {
    await world.close();
    await server.close();
    if (!wasRunning) await embedded.stop();
  };
  return { ...world, close };
};

const fillWorld = async (world: World, size: Size, seed: number, fill: Fill): Promise<void> => {
  const { client } = world;
  await makeData(client, size, seed);
  await runCommand(world, 'migrate');
  if (fill === 'backfill') {
    await runCommand(world, 'backfill', '--to', asOfDay(size));
  } else {
    await runReference(world, {
      through: asOfDay(size),
      subjects: ['facts', 'days', 'weeks', 'ties', 'places', 'surges'],
      hasGraph: false,
    });
    await client.query(benchFile('api/fill.sql'));
    await client.query('drop schema reference cascade');
  }
  await client.query('vacuum analyze');
};
