/**
 * How well the surge windows are found: simulated areas with seasonal traffic whose counts are negative binomial
 * (variance 1.8 times the mean), loaded as taps, run through the real migrate and backfill on an embedded Postgres.
 *
 *   npm run bench:surge [seed]              (TEST_DATABASE_URL names another server to use than the embedded one)
 *
 * Per mean (taps an hour, over the week) half of the areas are steady and half double over eight weeks. All have a past
 * event in the baseline. In the weeks that are judged, each area has events of three hours with 12 more taps an hour;
 * an event is detected if a window overlaps it. Half of them begin on any hour of the week: the targets are about
 * these. The other half begin on hours that are drawn by their traffic, where 12 more taps are far fewer in proportion.
 * A false alarm is a flagged hour that overlaps no event.
 */
import { Writable } from 'node:stream';
import type pg from 'pg';
import { readSettings } from '../src/config.js';
import { withDatabase } from '../src/db/database.js';
import { migrateUp } from '../src/migrate/migrate.js';
import { runPipeline } from '../src/pipeline/run.js';
import { jsonReporter } from '../src/report/json.js';
import { benchFile, openWorld } from './world.js';

const hourMs = 3_600_000;
const firstMonday = Date.parse('2025-01-06T00:00Z');
const weekCount = 18;
/** Judged weeks are those with a full baseline. */
const firstJudgedWeek = 8;
const userCount = 4_000;
const eventHours = 3;
const eventTaps = 12;

/** Targets of the specification: false-alarm hours per area and week, and the share of events detected. */
const falseAlarmTarget = 0.25;
const means = [
  { mean: 0.2, areas: 40, target: 1 },
  { mean: 1, areas: 24, target: 0.9 },
  { mean: 5, areas: 16, target: 0.5 },
  { mean: 15, areas: 10, target: 0.25 },
] as const;

const seed = Number(process.argv[2] ?? 1);
let state = (seed * 2_654_435_761 + 1) >>> 0;
/** mulberry32: 32 bits of state are enough to draw traffic. */
const random = (): number => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
};

const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Gamma with scale 1, by Marsaglia and Tsang; for a shape under 1 through shape + 1. */
const gamma = (shape: number): number => {
  if (shape < 1) return gamma(shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
};

const poisson = (mean: number): number => {
  let count = -1;
  let waited = 0;
  while (waited < mean) {
    waited -= Math.log(1 - random());
    count += 1;
  }
  return Math.max(0, count);
};

/** Negative binomial of a mean with variance 1.8 x mean: Poisson of a gamma whose scale is 0.8. */
const traffic = (mean: number): number => poisson(0.8 * gamma(mean / 0.8));

/** A week's shape: quiet nights, a noon and an evening, busier weekends; its mean is 1. */
const shape = (() => {
  const raw = Array.from({ length: 168 }, (_, slot) => {
    const hour = slot % 24;
    const evening = Math.exp(-(((hour - 20) / 3) ** 2));
    const noon = Math.exp(-(((hour - 12.5) / 2) ** 2));
    return (0.1 + noon + 1.8 * evening) * (slot >= 96 ? 1.5 : 1);
  });
  const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
  return raw.map((value) => value / mean);
})();

interface Area {
  readonly mean: number;
  readonly doubles: boolean;
  readonly latitude: number;
  readonly longitude: number;
  /** First hours, counted from the first Monday. */
  readonly events: readonly number[];
  readonly counts: readonly number[];
}

/** An hour of a week, drawn by its traffic: people gather where and when there are people. */
const busyHour = (): number => {
  let left = random() * 168;
  for (const [slot, weight] of shape.entries()) {
    left -= weight;
    if (left < 0) return Math.min(slot, 168 - eventHours);
  }
  return 0;
};

const anyHour = (): number => Math.floor(random() * (169 - eventHours));

/** Where a week's event begins: on any hour in even weeks, by traffic in odd ones. */
const eventHour = (week: number): number => week * 168 + (isAnyHour(week) ? anyHour() : busyHour());
const isAnyHour = (week: number): boolean => week % 2 === 0;

const makeArea = (mean: number, index: number, row: number): Area => {
  const doubles = index % 2 === 1;
  const pastEvent = (2 + Math.floor(random() * 4)) * 168 + busyHour();
  // Every third week has an event, so that an event is seldom the baseline of the next on the same hours.
  const events = Array.from({ length: weekCount }, (_, week) => week)
    .filter((week) => week >= firstJudgedWeek && week % 3 === index % 3)
    .map(eventHour);
  const inEvent = (hour: number) =>
    [pastEvent, ...events].some((start) => hour >= start && hour < start + eventHours);
  const counts = Array.from({ length: weekCount * 168 }, (_, hour) => {
    const weeksIn = Math.max(0, hour / 168 - firstJudgedWeek);
    const level = doubles ? 2 ** Math.min(1, weeksIn / 8) : 1;
    const usual = traffic(mean * level * (shape[hour % 168] ?? 1));
    return usual + (inEvent(hour) ? poisson(eventTaps) : 0);
  });
  // The middle of cells that are far from each other.
  return {
    mean,
    doubles,
    latitude: 0.02 + 45 * (row / 1024) * 4,
    longitude: 0.02 + 45 * (index / 1024) * 4,
    events,
    counts,
  };
};

const loadTaps = async (client: pg.Client, areas: readonly Area[]): Promise<number> => {
  await client.query(benchFile('data/tables.sql'));
  await client.query(
    `insert into public.users (id, name)
     select md5(number::text)::uuid, 'User ' || number from generate_series(0, $1::int - 1) as given (number)`,
    [userCount],
  );
  let total = 0;
  for (const area of areas) {
    const seconds: number[] = [];
    const users: number[] = [];
    const partners: number[] = [];
    for (const [hour, count] of area.counts.entries()) {
      for (let tap = 0; tap < count; tap += 1) {
        const user = Math.floor(random() * userCount);
        seconds.push(firstMonday / 1000 + hour * 3600 + Math.floor(random() * 3600));
        users.push(user);
        // Couples: who knows whom does not matter here, and their graph costs nothing.
        partners.push(user % 2 === 0 ? user + 1 : user - 1);
      }
    }
    total += seconds.length;
    await client.query(
      `insert into public.taps (id1, id2, time, latitude, longitude)
       select md5(one::text)::uuid, md5(other::text)::uuid, to_timestamp(second), $4, $5
       from unnest($1::int[], $2::int[], $3::float8[]) as given (one, other, second)`,
      [users, partners, seconds, area.latitude, area.longitude],
    );
  }
  await client.query('create index on public.taps (time); analyze public.taps; analyze public.users');
  return total;
};

interface Window {
  geohash5: string;
  from: number;
  to: number;
}

const judge = (
  areas: readonly Area[],
  cells: readonly string[],
  hours: readonly Window[],
  windows: readonly Window[],
) => {
  const judgedWeeks = weekCount - firstJudgedWeek;
  return [...means].flatMap(({ mean, target }) =>
    [false, true].map((doubles) => {
      let falseAlarms = 0;
      const made = { any: 0, busy: 0 };
      const detected = { any: 0, busy: 0 };
      let areaCount = 0;
      for (const [index, area] of areas.entries()) {
        if (area.mean !== mean || area.doubles !== doubles) continue;
        areaCount += 1;
        const mine = (window: Window) => window.geohash5 === cells[index];
        const overlaps = (window: Window, event: number) =>
          window.from < event + eventHours && window.to > event;
        for (const event of area.events) {
          const kind = isAnyHour(Math.floor(event / 168)) ? 'any' : 'busy';
          made[kind] += 1;
          if (windows.some((window) => mine(window) && overlaps(window, event))) detected[kind] += 1;
        }
        falseAlarms += hours.filter(
          (hour) =>
            mine(hour) &&
            hour.from >= firstJudgedWeek * 168 &&
            !area.events.some((event) => overlaps(hour, event)),
        ).length;
      }
      const rate = falseAlarms / (areaCount * judgedWeeks);
      const share = detected.any / made.any;
      return {
        'mean taps/h': String(mean),
        traffic: doubles ? 'doubles over 8 weeks' : 'steady',
        areas: areaCount,
        'false alarms per area and week': rate.toFixed(3),
        'at most': falseAlarmTarget.toFixed(2),
        'events on any hour': made.any,
        detected: share.toFixed(3),
        'at least': target.toFixed(2),
        'events on busy hours': made.busy,
        'detected there': (detected.busy / made.busy).toFixed(3),
        verdict: rate <= falseAlarmTarget && share >= target ? 'ok' : 'MISSED',
      };
    }),
  );
};

const areas = means.flatMap(({ mean, areas: count }, row) =>
  Array.from({ length: count }, (_, index) => makeArea(mean, index, row)),
);
const started = performance.now();
const world = await openWorld('surge');
try {
  const { client } = world;
  const settings = readSettings({ databaseUrl: world.url }, {});
  const taps = await loadTaps(client, areas);
  console.log(`seed ${seed}: ${areas.length} areas, ${weekCount} weeks, ${taps} taps`);
  await withDatabase(settings, 'bench', undefined, async (database) => {
    await migrateUp(database, settings, { waitSeconds: 0 });
    await runPipeline(
      database,
      settings,
      {
        command: 'bench:surge',
        to: new Date(firstMonday + (weekCount * 168 - 1) * hourMs).toISOString().slice(0, 10),
      },
      jsonReporter(new Writable({ write: (_chunk, _encoding, done) => done() })),
    );
  });
  await client.query('set search_path = gamification');
  const { rows: cells } = await client.query<{ cell: string }>(
    'select geohash5(latitude, longitude) as cell from unnest($1::float8[], $2::float8[]) with ordinality as given (latitude, longitude, number) order by number',
    [areas.map(({ latitude }) => latitude), areas.map(({ longitude }) => longitude)],
  );
  const span = (start: string, end: string) =>
    `geohash5, extract(epoch from ${start} - to_timestamp(${firstMonday / 1000}))::float8 / 3600 as "from",
     extract(epoch from ${end} - to_timestamp(${firstMonday / 1000}))::float8 / 3600 as "to"`;
  const hours = await client.query<Window>(
    `select ${span('starts_at', "(starts_at + interval '1 hour')")} from surge_hour`,
  );
  const windows = await client.query<Window & { unique_users: number }>(
    `select ${span('start_time', 'end_time')}, unique_users from surge_windows`,
  );
  const results = judge(
    areas,
    cells.map(({ cell }) => cell),
    hours.rows,
    windows.rows,
  );
  console.table(results);
  console.log(
    `${windows.rows.length} windows, the least with ${Math.min(...windows.rows.map((window) => window.unique_users))} users; ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  if (results.some(({ verdict }) => verdict !== 'ok')) process.exitCode = 1;
} finally {
  await world.close();
}
