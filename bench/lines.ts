import { loadSteps } from '../src/pipeline/order.js';
import { type Cost, noCost, processorOf, sumOfCosts } from './cost.js';
import type { Results, Run } from './measurements.js';
import { referenceTables } from './reference.js';
import type { Size, sizes } from './world.js';

/** A line of the bench's table. */
export interface Line {
  readonly what: string;
  readonly measured: string;
  /** Processor time of server and node beside it, which says more than the clock where others are at work. */
  readonly processor: string;
  readonly reference: string;
  readonly 'its processor': string;
  readonly result: string;
  readonly 'by processor': string;
  readonly target: string;
  readonly verdict: 'met' | 'missed' | '';
}

/** 900 ms, 2.41 s, 3,221 s. */
export const seconds = (milliseconds: number | null): string => {
  if (milliseconds === null) return '';
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  return milliseconds < 100_000
    ? `${(milliseconds / 1000).toFixed(2)} s`
    : `${Math.round(milliseconds / 1000).toLocaleString('en')} s`;
};

type Unit = 'x' | '%';
const show = (value: number, unit: Unit): string =>
  unit === 'x' ? `${value.toFixed(2)} x` : `${(100 * value).toFixed(1)} %`;

/** Without a target it is only said. */
const ratio = (
  what: string,
  measured: Cost,
  reference: Cost,
  unit: Unit = 'x',
  target: number | null = null,
): Line => {
  const quotient = measured.wallMs / reference.wallMs;
  const [mine, theirs] = [processorOf(measured), processorOf(reference)];
  return {
    what,
    measured: seconds(measured.wallMs),
    processor: seconds(mine),
    reference: seconds(reference.wallMs),
    'its processor': seconds(theirs),
    result: show(quotient, unit),
    'by processor': mine === null || theirs === null || theirs === 0 ? '' : show(mine / theirs, unit),
    target: target === null ? '' : `<= ${show(target, unit)}`,
    verdict: target === null ? '' : quotient <= target ? 'met' : 'missed',
  };
};

const plain = (
  what: string,
  measured: string,
  target: string,
  isMet: boolean | null,
  more: Partial<Line> = {},
): Line => ({
  what,
  measured,
  processor: '',
  reference: '',
  'its processor': '',
  result: '',
  'by processor': '',
  target,
  verdict: isMet === null ? '' : isMet ? 'met' : 'missed',
  ...more,
});

const absolute = (what: string, run: Cost, target: number): Line =>
  plain(what, seconds(run.wallMs), `<= ${seconds(target)}`, run.wallMs <= target, {
    processor: seconds(processorOf(run)),
  });

/** Wall time only: what a step takes is not told apart by processor. */
const wall = (wallMs: number): Cost => ({ ...noCost, wallMs, serverMs: null });

/** Milliseconds of a run's steps by the folder that they are in, which is their subject. */
export const stepsBySubject = (run: Run): Map<string, number> => {
  const subjectOf = new Map(loadSteps().map(({ name, file }) => [name, file.split('/').at(-2) ?? '']));
  const sums = new Map<string, number>();
  for (const [step, milliseconds] of Object.entries(run.steps)) {
    const subject = subjectOf.get(step) ?? 'repair';
    sums.set(subject, (sums.get(subject) ?? 0) + milliseconds);
  }
  return sums;
};

/** The targets' lines that can be said of what has been measured. */
export const linesOf = (seen: Partial<Results>, sizeName: keyof typeof sizes, size: Size): Line[] => {
  const lines: Line[] = [];
  const { backfill, reference, nights } = seen;
  if (backfill !== undefined && reference !== undefined) {
    const all = sumOfCosts(Object.values(reference));
    lines.push(ratio('backfill / reference, all tables', backfill, all, 'x', 1.4));
    const steps = stepsBySubject(backfill);
    const subjects = [...new Set(referenceTables.map(({ subject }) => subject))];
    for (const subject of subjects) {
      const tables = referenceTables.filter((table) => table.subject === subject);
      const needed = tables.flatMap(({ table }) => reference[table] ?? []);
      lines.push(
        ratio(
          `  ${subject}`,
          wall(steps.get(subject) ?? 0),
          sumOfCosts(needed),
          'x',
          subject === 'quests' ? 1.4 : null,
        ),
      );
    }
    const others = backfill.wallMs - [...steps.values()].reduce((sum, ms) => sum + ms, 0);
    lines.push(plain('  plan, scratch tables, commit', seconds(others), '', null));
  }
  if (backfill !== undefined && seen.two_hops !== undefined) {
    lines.push(
      ratio(
        'second degree of all weeks / two-hop count',
        wall(stepsBySubject(backfill).get('graph') ?? 0),
        seen.two_hops,
        'x',
        0.3,
      ),
    );
  }
  if (seen.batches !== undefined) {
    const { five, one } = seen.batches;
    lines.push(
      ratio(
        `second degree in ${five.batches} batches / in one`,
        wall(stepsBySubject(five).get('graph') ?? 0),
        wall(stepsBySubject(one).get('graph') ?? 0),
        'x',
        1.3,
      ),
      ratio(`backfill in ${five.batches} batches / in one`, five, one),
    );
  }
  // Nothing is smaller than mini.
  if (
    backfill !== undefined &&
    seen.smaller !== undefined &&
    seen.data !== undefined &&
    sizeName !== 'mini'
  ) {
    const per = (run: Run, taps: number): Cost => ({
      wallMs: run.wallMs / taps,
      serverMs: run.serverMs === null ? null : run.serverMs / taps,
      nodeMs: run.nodeMs / taps,
    });
    const [mine, smaller] = [per(backfill, seen.data.taps), per(seen.smaller.run, seen.smaller.taps)];
    const micro = (cost: Cost) => `${(1000 * cost.wallMs).toFixed(0)} us`;
    lines.push({
      ...ratio('backfill per tap / a size smaller', mine, smaller, 'x', 1.2),
      measured: micro(mine),
      reference: micro(smaller),
      processor: '',
      'its processor': '',
    });
  }
  if (backfill !== undefined && nights !== undefined) {
    lines.push(
      ratio('night, midweek / rebuild', nights.midweek, backfill, '%', 0.01),
      ratio('night, Monday / rebuild', nights.monday, backfill, '%', 0.02),
    );
  }
  if (seen.late !== undefined) lines.push(absolute('one late tap', seen.late, 1000));
  if (seen.deleted !== undefined) lines.push(absolute('one deleted first tap', seen.deleted, 4000));
  if (seen.today !== undefined) {
    lines.push(
      absolute('one tap today', seen.today.one, 600),
      absolute('500 taps today', seen.today.many, 4000),
    );
  }
  if (seen.idle !== undefined) {
    const { run, nodeMs, nodeCpuMs, without } = seen.idle;
    const more = run.wallMs - nodeMs;
    lines.push(
      plain('idle etl, over starting node', seconds(run.wallMs), '<= + 120 ms', more <= 120, {
        processor: seconds(processorOf(run)),
        reference: seconds(nodeMs),
        'its processor': seconds(nodeCpuMs),
        result: `+ ${more.toFixed(0)} ms`,
        'by processor':
          processorOf(run) === null ? '' : `+ ${((processorOf(run) ?? 0) - nodeCpuMs).toFixed(0)} ms`,
      }),
      plain('idle etl without capture', seconds(without.wallMs), '', null, {
        processor: seconds(processorOf(without)),
      }),
    );
  }
  if (seen.digest !== undefined) {
    lines.push(ratio('digest pass / count, sum(hashtext)', seen.digest.pass, seen.digest.count, 'x', 1.5));
  }
  if (seen.inserts !== undefined) {
    const { single, batch } = seen.inserts;
    lines.push(
      ratio('inserts with capture, single', wall(single.on), wall(single.off), 'x', 1.1),
      ratio('inserts with capture, 1,000 at once', wall(batch.on), wall(batch.off), 'x', 1.1),
    );
  }
  if (seen.verify !== undefined) {
    lines.push(absolute('verify, a sample', seen.verify.sample, 15_000));
    if (backfill !== undefined)
      lines.push(ratio('verify --full / rebuild', seen.verify.full, backfill, 'x', 0.5));
  }
  for (const hub of seen.hub ?? []) {
    lines.push(
      ratio(
        `backfill of ${hub.users.toLocaleString('en')} with a hub / without`,
        hub.with,
        hub.without,
        'x',
        1.5,
      ),
    );
  }
  if (seen.migrate !== undefined) {
    const { peakMb } = seen.migrate;
    lines.push(
      absolute('migrate, empty database', seen.migrate, 3000),
      plain('migrate, memory', `${peakMb.toFixed(0)} MB`, '<= 130 MB', peakMb <= 130),
    );
  }
  if (seen.demo !== undefined) {
    lines.push(
      absolute('demo, its computing', seen.demo.computing, 6000),
      absolute('verify, a sample, on the demo', seen.demo.verify, 3000),
    );
  }
  if (seen.space !== undefined) {
    const gb = seen.space.bytes / 1e9;
    lines.push(
      plain(
        'size of the database',
        `${gb.toFixed(gb < 1 ? 3 : 1)} GB`,
        sizeName === 'full' ? '<= 14 GB' : '',
        sizeName === 'full' ? gb <= 14 : null,
        { result: `${Math.round(seen.space.bytes / (seen.data?.taps ?? size.taps))} bytes a tap` },
      ),
    );
  }
  return lines;
};
