import { renumbered } from '../db/parameters.js';
import type { Session, Value } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import type { FigurePlacement } from './cluster.js';

/** Which rows of a distributed table a statement may need: a condition on the table. */
export interface Slice {
  readonly table: string;
  readonly text: string;
}

interface Index extends Record<string, unknown> {
  /** Of its table or view. */
  readonly name: string;
  readonly is_unique: boolean;
  /** What comes after the name of the table. */
  readonly definition: string;
}

/**
 * Temporary tables of the coordinator that stand in for distributed ones, under their names, while a statement runs
 * that joins them with what is on the coordinator. Citus answers such joins wrongly in some forms, without an error
 * (docs/scale.md); over the stand-ins every statement is plain Postgres', and all that the nodes are asked for is rows
 * of one table. The session then looks for names among temporary tables first.
 */
export class Shadows {
  private made: readonly string[] = [];
  /** Of all tables of the schema and the views over them; null until somebody asks. */
  private indexes: readonly Index[] | null = null;

  constructor(
    private readonly session: Session,
    private readonly schema: string,
    private readonly figures: readonly FigurePlacement[],
  ) {}

  /** Has the session prefer the stand-ins, until the transaction ends. */
  async prefer(): Promise<void> {
    await speakOnce(this.session);
    await this.session.script(
      `set local search_path = pg_temp, "${this.schema}"; set local citus.override_table_visibility = off;`,
    );
  }

  /**
   * Makes those that a statement names, with the slices that are given, or else with all rows. $1 in a slice is the
   * first of `values`.
   */
  async make(text: string, slices: readonly Slice[] = [], values: readonly Value[] = []): Promise<void> {
    const words = new Set(text.replace(/--.*$/gm, '').match(/\w+/g));
    const sliceOf = (name: string) => slices.find(({ table }) => table === name);
    const views = this.figures.filter(({ name, placement }) => placement === 'view' && words.has(name));
    for (const { definition } of views) for (const word of definition?.match(/\w+/g) ?? []) words.add(word);
    const tables = this.figures.filter(
      ({ name, placement }) => placement === 'distributed' && words.has(name),
    );
    for (const { name } of tables) await this.copy(name, sliceOf(name), values);
    // Only now under their names: a slice may read another distributed table.
    if (tables.length > 0)
      await this.session.script(
        tables
          .map(({ name }) => `alter table copy_of_${name} rename to ${name}; analyze pg_temp.${name};`)
          .join(' '),
      );
    for (const { name, definition } of views) {
      // It would read the distributed tables themselves, and could be answered wrongly.
      if (definition?.includes(`${this.schema}.`))
        throw new Error(`the definition of ${name} names the schema of its tables`);
      await this.session.script(`create temp table ${name} on commit drop as ${definition ?? ''}`);
      await this.makeIndexes(name, name);
    }
    this.made = [...views, ...tables].map(({ name }) => name);
  }

  /** Makes all of them, with the slices that are given, or else with all rows. */
  async makeAll(slices: readonly Slice[] = [], values: readonly Value[] = []): Promise<void> {
    await this.make(this.figures.map(({ name }) => name).join(' '), slices, values);
  }

  /**
   * Drops them, truncated before, for a table that is only dropped keeps its disk until the transaction ends. Never
   * anything but what is temporary.
   */
  async drop(): Promise<void> {
    if (this.made.length === 0) return;
    await this.session.script(
      this.made.map((name) => `truncate pg_temp.${name}; drop table pg_temp.${name};`).join(' '),
    );
    this.made = [];
  }

  private async copy(name: string, slice: Slice | undefined, values: readonly Value[]): Promise<void> {
    const real = `"${this.schema}".${name}`;
    await this.session.script(`create temp table copy_of_${name} (like ${real}) on commit drop;`);
    const { text, used } = renumbered(
      slice === undefined ? `select ${name}.* from ${real}` : selectOf(slice, real),
    );
    await this.session.run(
      `insert into copy_of_${name} ${text}`,
      used.map((number) => values[number - 1] ?? null),
    );
    await this.makeIndexes(name, `copy_of_${name}`);
  }

  /**
   * Gives a stand-in the indexes of its table, of all rows at once, which costs less than row by row. A view has none,
   * but who looks a user up in it is answered by those of its tables: its stand-in has one by its first column.
   */
  private async makeIndexes(name: string, standIn: string): Promise<void> {
    this.indexes ??= await this.session.query<Index>(readPackageFile('sql/citus/index.sql'), [this.schema]);
    await this.session.script(
      this.indexes
        .filter((index) => index.name === name)
        .map(
          (index) =>
            `create ${index.is_unique ? 'unique ' : ''}index on pg_temp.${standIn} ${index.definition};`,
        )
        .join(' '),
    );
  }
}

/**
 * Has a transaction speak with each node over one connection: what one statement wrote over a second one, another could
 * not read beside what it wrote over the first. It has to come before the first question to the nodes.
 */
export const speakOnce = async (session: Session): Promise<void> => {
  await session.script(
    "set local citus.multi_shard_modify_mode = 'sequential'; set local citus.max_adaptive_executor_pool_size = 1;",
  );
};

/** The SELECT of a slice. */
export const selectOf = ({ table, text }: Slice, real: string): string =>
  `select ${table}.* from ${real} where ${text}`;
