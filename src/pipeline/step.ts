import { workFailure } from '../errors.js';
import { readPackageFile, sha256, sqlFilesIn } from '../files.js';

/** What a step can be told; each is bound by name from the header's `params` line. */
export const stepParameters = [
  'zone',
  'as_of_day',
  'as_of_moved',
  'alive_from_day',
  'steps_sha256',
  'run_id',
] as const;

export type StepParameter = (typeof stepParameters)[number];

/** One .sql file of sql/steps: one statement that derives and converges one thing. */
export interface Step {
  /** The file's name without .sql. */
  readonly name: string;
  readonly reads: readonly string[];
  /** Tables that it reads as the batch before left them: it comes before their writers. */
  readonly stored: readonly string[];
  readonly writes: readonly string[];
  /** Tables from which the step only removes what nothing else reads any more: it comes after all their readers. */
  readonly removes: readonly string[];
  /** Tables that it can fill without their indexes: its statement needs none of them (no `on conflict`). See fill.ts. */
  readonly fills: readonly string[];
  readonly grain: readonly string[];
  /** Bound to $1, $2, ... in this order. */
  readonly params: readonly StepParameter[];
  /** Ways to join or scan that the planner may not choose for this step, by the name in Postgres' enable_... setting. */
  readonly avoid: readonly Avoidable[];
  /** When it has work besides the rows that a batch's own tables hold for it: see `hasWork` in batch.ts. */
  readonly runs: RunsWhen;
  readonly text: string;
}

const avoidable = ['hashjoin', 'mergejoin', 'nestloop', 'memoize', 'bitmapscan', 'seqscan'] as const;
export type Avoidable = (typeof avoidable)[number];

const runsWhen = ['given', 'as_of_moved', 'always'] as const;
export type RunsWhen = (typeof runsWhen)[number];

const headerKeys = [
  'reads',
  'stored',
  'writes',
  'removes',
  'fills',
  'grain',
  'params',
  'avoid',
  'runs',
] as const;
type HeaderKey = (typeof headerKeys)[number];

/**
 * Reads a step from its file's text. The header is checked: an unknown, repeated or missing key, an unknown parameter,
 * or a count of parameters other than the statement's is an error that names the file.
 */
export const parseStep = (name: string, text: string): Step => {
  const found = new Map<HeaderKey, string[]>();
  for (const [line] of text.matchAll(/^--!.*$/gm)) {
    const [, key = '', value = ''] = /^--!\s*(\w+):(.*)$/.exec(line) ?? [];
    if (key === '') throw workFailure(`${name}.sql: '${line}' is not a header, expected '--! key: words'.`);
    const known = headerKeys.find((header) => header === key);
    if (known === undefined)
      throw workFailure(`${name}.sql: unknown header '${key}', expected ${headerKeys.join(', ')}.`);
    if (found.has(known)) throw workFailure(`${name}.sql: the header '${key}' is there twice.`);
    found.set(
      known,
      value
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    );
  }
  if (!found.has('reads')) throw workFailure(`${name}.sql: the header 'reads' is missing.`);
  if (!found.has('grain')) throw workFailure(`${name}.sql: the header 'grain' is missing.`);
  if (!found.has('writes') && !found.has('removes')) {
    throw workFailure(`${name}.sql: the header 'writes' is missing.`);
  }
  const oneOf = <Word extends string>(key: HeaderKey, words: readonly Word[]): Word[] =>
    (found.get(key) ?? []).map((word) => {
      const known = words.find((candidate) => candidate === word);
      if (known === undefined)
        throw workFailure(`${name}.sql: unknown word '${word}' in '${key}', expected ${words.join(', ')}.`);
      return known;
    });
  const params = oneOf('params', stepParameters);
  const used = new Set(
    [...text.replace(/--.*$/gm, '').matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits)),
  );
  if (used.size !== params.length || Math.max(0, ...used) !== params.length) {
    throw workFailure(
      `${name}.sql: the header names ${params.length} parameters, the statement uses ${used.size}.`,
    );
  }
  return {
    name,
    reads: found.get('reads') ?? [],
    stored: found.get('stored') ?? [],
    writes: found.get('writes') ?? [],
    removes: found.get('removes') ?? [],
    fills: found.get('fills') ?? [],
    grain: found.get('grain') ?? [],
    params,
    avoid: oneOf('avoid', avoidable),
    runs: oneOf('runs', runsWhen)[0] ?? 'given',
    text,
  };
};

/**
 * Orders steps so that whoever reads a table comes after all who write it, whoever wants it as it was before them, and
 * whoever removes from one after all who read it. Ties are broken by name. Throws on a cycle and on a table that nobody writes and that is not in `given`.
 */
export const orderSteps = (steps: readonly Step[], given: ReadonlySet<string>): Step[] => {
  const written = new Set(steps.flatMap((step) => step.writes));
  for (const step of steps) {
    const unknown = step.reads.find((table) => !written.has(table) && !given.has(table));
    if (unknown !== undefined) {
      throw workFailure(`${step.name}.sql reads '${unknown}', which no step writes and nothing provides.`);
    }
    const unwritten = [...step.stored, ...step.removes].find((table) => !written.has(table));
    if (unwritten !== undefined) {
      throw workFailure(`${step.name}.sql names '${unwritten}', which no step writes.`);
    }
  }
  const mustPrecede = (earlier: Step, later: Step): boolean =>
    earlier !== later &&
    (later.reads.some((table) => earlier.writes.includes(table) && !later.writes.includes(table)) ||
      later.writes.some((table) => earlier.stored.includes(table)) ||
      later.removes.some((table) => earlier.reads.includes(table)));
  const ordered: Step[] = [];
  const earlierThan = new Map(
    steps.map((step) => [step, steps.filter((other) => mustPrecede(other, step))] as const),
  );
  // Not localeCompare, which takes a while to begin.
  const waiting = new Set([...steps].sort((one, other) => (one.name < other.name ? -1 : 1)));
  while (waiting.size > 0) {
    const next = [...waiting].find((step) => !earlierThan.get(step)?.some((other) => waiting.has(other)));
    if (next === undefined) {
      const names = [...waiting].map((step) => step.name).join(', ');
      throw workFailure(`The steps ${names} read what each other write: they have no order.`);
    }
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
};

/** What a batch is given before its first step: the source, and the temporary tables that the runner fills. */
export const givenTables: ReadonlySet<string> = new Set([
  'classified_tap',
  'app_user',
  'batch_range',
  'batch_day',
  'batch_user',
  'friend',
  'gazetteer_alias',
  'gazetteer_area',
  'gazetteer_load',
  'gazetteer_name',
  'gazetteer_place',
  'quest_rule',
]);

/** All steps of the package, in the order in which they run. */
export const loadSteps = (): Step[] =>
  orderSteps(
    sqlFilesIn('sql/steps').map((file) => parseStep(file.slice(0, -4), readPackageFile(`sql/steps/${file}`))),
    givenTables,
  );

/** One digest over all steps: a day that was derived by other SQL is stale. */
export const stepsDigest = (steps: readonly Step[]): string =>
  sha256(steps.map((step) => `${step.name}:${sha256(step.text)}`).join('\n'));
