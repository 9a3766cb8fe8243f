/**
 * How quickly `arc-gam serve` answers 50 callers at once, and what each of its statements reads.
 *
 *   npm run bench:api -- [--size mini|tiny|medium|small|full] [--fill backfill|reference] [--half-history]
 *                        [--seconds 8] [--connections 50] [--keep <folder>] [--only weekly,health] [--json] [--seed 1]
 *
 * See bench/README.md.
 */
import { cpus, loadavg } from 'node:os';
import { flagsOf, refuse } from '../../scripts/flags.js';
import { say, sizeNamed } from '../command-line.js';
import { sizes } from '../world.js';
import { asOfDay, type Fill, keepWorld, makeWorld, nowAt } from './database.js';
import { explainApi, type Reads } from './explain.js';
import { judge, load, pacedLoad, startServe, tokenOf } from './load.js';
import { backendsMs, processorMs, spentMs } from './processor.js';

const flags = flagsOf(import.meta.url, {
  size: { type: 'string', default: 'tiny' },
  fill: { type: 'string' },
  'half-history': { type: 'boolean', default: false },
  seconds: { type: 'string', default: '8' },
  connections: { type: 'string', default: '50' },
  keep: { type: 'string' },
  only: { type: 'string' },
  json: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
});

/** Milliseconds: the p99 of people who pause, and of connections that press. */
const weeklyTargets = { target: 25, pressed: 150 };
const target = 15;
const endpoints: readonly { name: string; query: string; target: number; pressed?: number }[] = [
  { name: 'weekly', query: '', ...weeklyTargets },
  { name: 'weekly', query: '&tz=Asia/Tokyo', ...weeklyTargets },
  { name: 'quests', query: '', target },
  { name: 'quests', query: '&tz=Asia/Tokyo', target },
  { name: 'radar', query: '', target },
  { name: 'radar', query: '&hours=168', target },
  { name: 'radar', query: '&hours=168&city=Austin', target },
  { name: 'health', query: '', target },
];

/** So many taps of a small community are read through more cheaply than looked up one by one. */
const fewTaps = 2_000;

const sizeName = sizeNamed(flags.size);
const isSmall = ['mini', 'tiny'].includes(sizeName);
const fill = (flags.fill ?? (isSmall ? 'backfill' : 'reference')) as Fill;
if (!['backfill', 'reference'].includes(fill)) refuse(`--fill is backfill or reference, not '${fill}'.`);
const whole = sizes[sizeName];
const size = flags['half-history'] ? { ...whole, taps: whole.taps / 2, days: whole.days / 2 } : whole;

say(`${size.users} users, ${size.taps} taps, ${size.days} days, rollups by ${fill}`);
const seed = Number(flags.seed);
const world =
  flags.keep === undefined
    ? await makeWorld(size, seed, fill)
    : await keepWorld(flags.keep, size, seed, fill);
try {
  const now = nowAt(size);
  // Everybody who tapped is as likely to come; those who come most are those who tap most.
  const { rows: users } = await world.client.query<{ user_id: string; degree: number }>(
    `select user_key.user_id, degree.degree
     from (
       select friend.user_key, count(*)::integer as degree from gamification.friend group by friend.user_key
     ) as degree
     join gamification.user_key on user_key.user_key = degree.user_key
     order by md5(user_key.user_id::text) limit 3000`,
  );
  const viewers = await Promise.all(
    users.map(async ({ user_id }) => ({ userId: user_id, token: await tokenOf(user_id) })),
  );
  const degree = users.reduce((sum, user) => sum + user.degree, 0) / users.length;
  say(
    `as of ${asOfDay(size)}, now ${now}, ${viewers.length} viewers with ${degree.toFixed(1)} partners on average`,
  );

  const plans = new Map<string, Reads>();
  const busiest = [...users].sort((one, other) => other.degree - one.degree)[0]?.user_id ?? '';
  for (const userId of [users[0]?.user_id ?? '', users[1]?.user_id ?? '', busiest]) {
    // What the viewer may cost: their own taps, and everybody's of the running day, which nobody has derived yet.
    const { rows: allowed } = await world.client.query<{ taps: number }>(
      `select (
         (select count(*) from public.taps where time >= $2::date and time <= $3)
         + (select count(*) from public.taps where $1 in (id1, id2))
       )::integer as taps`,
      [userId, now.slice(0, 10), now],
    );
    for (const reads of await explainApi(world.client, userId, now)) {
      if (reads.taps > Math.max(fewTaps, (allowed[0]?.taps ?? 0) + 1)) {
        say(
          `${reads.query} reads ${reads.taps} taps; ${allowed[0]?.taps} are the viewer's own or of the running day.`,
        );
        process.exitCode = 1;
      }
      const known = plans.get(reads.query);
      if (known === undefined || reads.blocks > known.blocks) plans.set(reads.query, reads);
    }
  }

  const serve = await startServe(world.url, now);
  const lines: Record<string, unknown>[] = [];
  try {
    const wanted = endpoints.filter(({ name }) => (flags.only ?? name).split(',').includes(name));
    for (const endpoint of wanted) {
      const pathOf = (userId: string) => `/api/community/${endpoint.name}?user_id=${userId}${endpoint.query}`;
      const connections = Number(flags.connections);
      await load(serve.url, pathOf, viewers, { connections, seconds: 1 });
      const before = [processorMs(serve.pid), await backendsMs(world.client)] as const;
      const full = await load(serve.url, pathOf, viewers, { connections, seconds: Number(flags.seconds) });
      const perRequest = (ms: number) =>
        full.answered === 0 ? null : Number((ms / full.answered).toFixed(2));
      const nodeMs = perRequest(processorMs(serve.pid) - before[0]);
      const postgresMs = perRequest(spentMs(before[1], await backendsMs(world.client)));
      const alone = await load(serve.url, pathOf, viewers, { connections: 1, seconds: 2 });
      const people = await pacedLoad(serve.url, pathOf, viewers, {
        connections,
        seconds: Math.max(20, Number(flags.seconds)),
        pauseMs: 1000,
      });
      const failed = full.failed + alone.failed + people.failed;
      lines.push({
        endpoint: `${endpoint.name}${endpoint.query.replace('&', '?')}`,
        'target p99': endpoint.target,
        'pausing p50': people.p50,
        'pausing p99': people.p99,
        'pausing /s': people.perSecond,
        pausing: judge(people, endpoint.target),
        'pressing p50': full.p50,
        'pressing p99': full.p99,
        'pressing /s': full.perSecond,
        // That of the demo's size; nobody presses elsewhere, so it says only whether they were answered.
        pressing: judge(full, (isSmall ? endpoint.pressed : undefined) ?? Number.POSITIVE_INFINITY),
        'alone p50': alone.p50,
        'alone p99': alone.p99,
        'node ms': nodeMs,
        'postgres ms': postgresMs,
        failed,
      });
      say(JSON.stringify(lines.at(-1)));
      for (const [way, one] of Object.entries({ pausing: people, pressing: full, alone })) {
        if (judge(one, endpoint.target) !== 'FAILED') continue;
        say(
          `${endpoint.name}${endpoint.query}, ${way}: ${one.answered} answers, ${one.failed} of them refused or cut off. These figures say nothing.`,
        );
        process.exitCode = 1;
      }
    }
  } finally {
    await serve.stop();
  }
  const reads = [...plans.values()].map((plan) => ({ ...plan, wholeTables: plan.wholeTables.join(', ') }));
  const machine = {
    processor: cpus()[0]?.model.trim(),
    cores: cpus().length,
    load: loadavg()[0],
    postgres: world.version,
  };
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ machine, size, fill, degree, lines, reads })}\n`);
  } else {
    console.log(machine);
    console.table(lines);
    console.table(reads);
  }
} finally {
  await world.close();
}
