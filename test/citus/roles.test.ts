import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../command/cli.js';
import { userId } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';
import { type Cluster, findCitus, startCluster } from './cluster.js';
import { createSpread, fillWinter, type SpreadApplication } from './spread.js';

const found = findCitus();
const missing = 'missing' in found ? found.missing : null;

const zone = 'America/St_Johns';
const last = '2026-01-20';

describeUnless(missing)('a cluster with the three roles of arc-gam grants', () => {
  let cluster: Cluster;
  let spread: SpreadApplication;
  const ok = async (role: string, ...args: string[]): Promise<void> => {
    const url = new URL(spread.url);
    url.username = role;
    const { code, stderr, stdout } = await runCli(args, { DATABASE_URL: url.href, ARC_GAM_TZ: zone });
    expect(code, `${role} ${args.join(' ')}: ${code}\n${stderr}${stdout}`).toBe(0);
  };
  beforeAll(async () => {
    cluster = await startCluster();
    spread = await createSpread(cluster, 'spread');
    await fillWinter(spread.client);
    await ok('postgres', 'grants', '--apply');
    await ok('arc_gam_owner', 'migrate');
  });
  afterAll(async () => {
    await spread?.drop();
    await cluster?.stop();
  });

  test('the job derives, verifies and repairs, with its figures on the coordinator', async () => {
    await ok('arc_gam_job', 'backfill', '--to', '2025-12-30');
    await ok('arc_gam_job', 'verify', '--full');
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });

  test('the owner spreads the figures, and the job goes on', async () => {
    await ok('arc_gam_owner', 'distribute');
    await ok('arc_gam_job', 'backfill', '--to', '2026-01-10', '--batch-days', '4');
    await ok('arc_gam_job', 'etl', '--date', last);
    await spread.client.query('delete from public.users where id = $1', [userId(3)]);
    await ok('arc_gam_job', 'etl', '--date', last);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await ok('arc_gam_job', 'backfill', '--rebuild', '--to', last);
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await spread.client.query('update gamification.user_streaks set longest_streak_days = 77');
    await ok('arc_gam_job', 'verify', '--full', '--repair');
    expect(await spread.unlikePlain(zone)).toEqual([]);
    await ok('arc_gam_job', 'why', 'streak', '--user', userId(2));
    // Whoever may only read can also have things explained and compared.
    await ok('arc_gam_reader', 'why', 'streak', '--user', userId(2));
    await ok('arc_gam_reader', 'verify', '--full');
    await ok('arc_gam_reader', 'metrics');
  });

  test('the owner fetches them back', async () => {
    await ok('arc_gam_owner', 'distribute', '--undo');
    await ok('arc_gam_job', 'etl', '--date', last);
    expect(await spread.unlikePlain(zone)).toEqual([]);
  });
});
