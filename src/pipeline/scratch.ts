import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';

/** A scratch table as sql/batch/scratch.sql declares it. */
interface Declaration {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The text between the parentheses. */
  readonly body: string;
  /** Columns of its primary key; none: it has no key. */
  readonly key: readonly string[];
}

const declarations: ReadonlyMap<string, Declaration> = new Map(
  [...readPackageFile('sql/batch/scratch.sql').matchAll(/create table (\w+) \(\n([\s\S]*?)\n\);/g)].map(
    ([, name = '', body = '']) => {
      const columns = [
        ...body.matchAll(
          /^ {2}(?!primary)(\w+) ([a-z ]+?(?:\[\])?)(?: not null| primary key| default .*)*,?$/gm,
        ),
      ].map(([, name = '', type = '']) => ({ name, type }));
      const inline = /^ {2}(\w+) .*primary key/m.exec(body)?.[1];
      const key = /^ {2}primary key \((.*)\)/m.exec(body)?.[1]?.split(', ') ?? [];
      return [name, { columns, body, key: inline === undefined ? key : [inline] }];
    },
  ),
);

/** Names of all scratch tables. */
export const scratchTables: readonly string[] = [...declarations.keys()];

/** Whether a table is one of a batch's own, gone with its transaction. */
export const isScratch = (table: string): boolean => declarations.has(table);

const declared = (table: string): Declaration => {
  const declaration = declarations.get(table);
  if (declaration === undefined) throw new Error(`${table} is not in sql/batch/scratch.sql`);
  return declaration;
};

/** Its columns in their order. */
export const scratchColumns = (table: string): readonly string[] =>
  declared(table).columns.map(({ name }) => name);

/** Its columns with their types. */
export const typedColumns = (table: string): Declaration['columns'] => declared(table).columns;

/** How scratch tables are made: temporary ones cost next to nothing, unlogged ones can be read by parallel workers. */
export type Persistence = 'temp' | 'unlogged';

/** The name under which a scratch table is made: temporary tables need no schema. */
export const scratchName = (table: string, persistence: Persistence, schema: string | null): string =>
  persistence === 'temp' || schema === null ? table : `"${schema}".${table}`;

/** The statement that makes a scratch table without rows, if need be under another name. */
export const createScratch = (
  table: string,
  persistence: Persistence,
  schema: string | null,
  name = table,
): string =>
  `create ${persistence} table ${scratchName(name, persistence, schema)} (\n${declared(table).body}\n)`;

/**
 * What gives the disk of a table back at once, before it is dropped: that of one that is only dropped is kept until
 * the transaction ends. Nothing where it has few rows, which are not worth a statement.
 */
export const emptying = (table: string, rows: number): string => (rows < 1_000 ? '' : `truncate ${table}; `);

/** The scratch tables of one batch: made when first needed, and which of them have rows. */
export class Scratch {
  private readonly made = new Set<string>();
  private readonly rows = new Map<string, number>();

  constructor(
    private readonly session: Pick<Session, 'script'>,
    readonly persistence: Persistence,
    /** Null: wherever the session makes tables. */
    readonly schema: string | null,
  ) {}

  hasRows(table: string): boolean {
    return this.rows.has(table);
  }

  /** How many rows were put into it. */
  rowsOf(table: string): number {
    return this.rows.get(table) ?? 0;
  }

  isMade(table: string): boolean {
    return this.made.has(table);
  }

  /** Makes those of the tables that are scratch tables and not there yet. */
  async make(tables: Iterable<string>): Promise<void> {
    const missing = [...new Set(tables)].filter((table) => isScratch(table) && !this.made.has(table));
    if (missing.length === 0) return;
    // Analyzed while empty: without statistics the planner assumes thousands of rows, and would therefore read the
    // whole of each table that this one is joined with.
    await this.session.script(
      `${missing.map((table) => createScratch(table, this.persistence, this.schema)).join(';\n')};\nanalyze ${missing.join(', ')};`,
    );
    for (const table of missing) this.made.add(table);
  }

  /**
   * Notes that a table is there with rows or without. Analyzed: else the planner guesses, whatever a step has put into
   * it.
   */
  async filled(table: string, rows: number): Promise<void> {
    this.made.add(table);
    if (rows === 0) return;
    this.rows.set(table, this.rowsOf(table) + rows);
    await this.session.script(`analyze ${table};`);
  }

  /** Gives a table that was made of a SELECT its key, and notes how many rows that made. */
  async created(table: string, rows: number): Promise<void> {
    const { key } = declared(table);
    const addKey = key.length === 0 ? '' : `alter table ${table} add primary key (${key.join(', ')}); `;
    await this.session.script(`${addKey}analyze ${table};`);
    this.made.add(table);
    if (rows > 0) this.rows.set(table, rows);
  }

  /** Gives the disk of tables back that nobody reads any more; what was in them is still known. */
  async empty(tables: readonly string[]): Promise<void> {
    const text = tables.map((table) => emptying(table, this.rowsOf(table))).join('');
    if (text !== '') await this.session.script(text);
  }

  /** Drops all of them, so that another set can be made. */
  async drop(): Promise<void> {
    if (this.made.size > 0) await this.session.script(`drop table ${[...this.made].join(', ')};`);
    this.made.clear();
    this.rows.clear();
  }
}
