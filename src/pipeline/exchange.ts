import type { FigurePlacement } from '../citus/cluster.js';
import { batchSchema, type Column, columnsOf, type Shards } from '../citus/shards.js';
import type { Session } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { createScratch, isScratch, type Scratch, typedColumns } from './scratch.js';
import type { Step } from './step.js';

/** Scratch tables of which each shard has all rows, whichever shard wrote them. */
const everywhere: ReadonlySet<string> = new Set([
  'batch_user',
  'changed_friend',
  'second_degree_added',
  'second_degree_suspect',
  'second_degree_focus',
  'second_degree_asked',
  'second_degree_walked',
  'assist_user',
  'assist_week',
  'assist_near',
  'quest_friend_list',
  'assist_adjacent',
  'assist_since',
  'made_week',
]);

/** Scratch tables whose rows a shard may write for users of others. */
const routed: ReadonlySet<string> = new Set(['second_degree_event', 'assist_touched', 'quest_assist']);

/** From this many fields on it is worth a table on the nodes to bring them where they are needed. */
const manyFields = 20_000;
/** In a row with lists: a guess. */
const listFields = 100;

const isLarge = (columns: readonly Column[], rows: number): boolean =>
  rows * columns.reduce((sum, { type }) => sum + (type.endsWith('[]') ? listFields : 1), 0) >= manyFields;

/**
 * Brings rows to where a step needs them: from this server's own tables and scratch tables to the shards, and from the
 * shards' scratch tables to this server, to all shards, or to those of their users.
 */
export class Exchange {
  /** Scratch tables with rows of this server's that the shards have not got. */
  private readonly unsent = new Set<string>();
  /** Scratch tables with rows of shards that this server has not got. */
  private readonly ungathered = new Set<string>();
  /** Scratch tables with rows of shards that other shards have not got. */
  private readonly unshared = new Set<string>();
  /** This server's stored tables of which the shards have a copy. */
  private readonly copied = new Set<string>();
  private readonly stale = new Set<string>();
  /** Scratch tables that each node has once, and its shards see. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly schema: string,
    private readonly shards: Shards,
    private readonly home: Scratch,
    private readonly spread: Scratch,
    private readonly figures: readonly FigurePlacement[],
  ) {}

  /** Notes that rows were written to a table, in the shards or on this server. */
  wrote(table: string, inShards: boolean): void {
    if (!isScratch(table)) {
      if (this.copied.has(table)) this.stale.add(table);
      return;
    }
    if (this.seen.has(table)) throw new Error(`${table} is written again after the shards have shared it`);
    if (inShards) {
      this.ungathered.add(table);
      this.unshared.add(table);
    } else this.unsent.add(table);
  }

  /** Before a step runs in the shards, or on this server. */
  async provide(step: Step, inShards: boolean): Promise<void> {
    for (const table of [...step.reads, ...step.before]) {
      if (isScratch(table)) {
        if (inShards) {
          if (this.unshared.has(table) && everywhere.has(table)) await this.share(table);
          if (this.unshared.has(table) && routed.has(table)) await this.route(table);
          if (this.unsent.has(table)) await this.send(table);
        } else if (this.ungathered.has(table)) await this.gather(table);
      } else if (inShards && !this.isElsewhere(table)) await this.copy(table);
    }
  }

  /** Has this server know all that the shards wrote, for whoever counts it. */
  async gatherAll(): Promise<void> {
    for (const table of [...this.ungathered]) await this.gather(table);
  }

  /** Whether a scratch table can be emptied in the shards. */
  isTable(table: string): boolean {
    return !this.seen.has(table);
  }

  /** Whether the shards see a stored table without a copy of ours. */
  private isElsewhere(table: string): boolean {
    return table === 'classified_tap' || this.figures.some(({ name }) => name === table);
  }

  private async send(table: string): Promise<void> {
    this.unsent.delete(table);
    await this.spread.make([table]);
    const columns = typedColumns(table);
    await this.shards.send(table, columns, `select * from ${table}`, takenBy(table, columns));
    await this.spread.filled(table, this.home.rowsOf(table));
  }

  private async gather(table: string): Promise<void> {
    if (this.unsent.has(table)) await this.send(table);
    this.ungathered.delete(table);
    await this.home.make([table]);
    await this.session.script(`truncate ${table};`);
    const rows = await this.shards.gather(table, typedColumns(table), selectOf(table));
    await this.home.filled(table, rows);
  }

  /** Gives all shards what each of them wrote. */
  private async share(table: string): Promise<void> {
    this.unshared.delete(table);
    if (this.unsent.has(table)) throw new Error(`${table} is written on this server too`);
    const columns = typedColumns(table);
    if (!isLarge(columns, this.spread.rowsOf(table))) return this.deal(table);
    const name = `"${batchSchema(this.schema)}".shared_${table}`;
    await this.session.script(createScratch(table, 'unlogged', batchSchema(this.schema), `shared_${table}`));
    await this.session.query('select create_reference_table($1::text::regclass)', [name]);
    await this.shards.gather(name, columns, `select * from ${table}`);
    await this.shards.look(table, `shared_${table}`);
    this.seen.add(table);
  }

  /** Gives each shard what the others wrote for its users. */
  private async route(table: string): Promise<void> {
    this.unshared.delete(table);
    const columns = typedColumns(table);
    if (!isLarge(columns, this.spread.rowsOf(table))) return this.deal(table);
    await this.shards.route(
      table,
      columns,
      `select routed.*, shard_of(user_key.user_id) as shard
       from ${table} as routed
       join user_key on user_key.user_key = routed.user_key`,
    );
  }

  /** Gives the shards what each of them is to have of a table with few rows, by way of this server. */
  private async deal(table: string): Promise<void> {
    await this.gather(table);
    const columns = typedColumns(table);
    await this.shards.script(`truncate ${table}`);
    await this.shards.send(table, columns, `select * from ${table}`, takenBy(table, columns));
    await this.shards.script(`analyze ${table}`);
  }

  private async copy(table: string): Promise<void> {
    if (this.copied.has(table) && !this.stale.has(table)) return;
    const columns = await columnsOf(this.session, table);
    const declared = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
    await this.shards.script(
      this.copied.has(table) ? `truncate ${table}` : `create unlogged table ${table} (${declared})`,
    );
    await this.shards.send(table, columns, `select * from ${table}`);
    await this.shards.script(`analyze ${table}`);
    this.copied.add(table);
    this.stale.delete(table);
  }

  /** Drops what was made on the nodes for it. */
  async drop(): Promise<void> {
    for (const table of this.seen)
      await this.session.script(`drop table "${batchSchema(this.schema)}".shared_${table};`);
  }
}

/** What this server gets to see of a scratch table: of facts of two users, which two shards have, each once. */
const selectOf = (table: string): string => {
  if (table === 'batch_tap') return readPackageFile('sql/citus/shard/batch_tap.sql');
  const columns = typedColumns(table).map(({ name }) => name);
  if (columns.includes('u1_key'))
    return `select ${table}.* from ${table} join own_user on own_user.user_key = ${table}.u1_key`;
  if (columns.includes('u1'))
    return `select ${table}.* from ${table} join own_user on own_user.user_id = ${table}.u1`;
  return `select * from ${table}`;
};

/** Which rows a shard takes of those that it is sent: its users'. */
const takenBy = (table: string, columns: readonly Column[]): string => {
  const has = (name: string) => columns.some((column) => column.name === name);
  if (everywhere.has(table)) return 'true';
  if (has('user_key')) return 'exists (select 1 from own_user where own_user.user_key = sent.user_key)';
  if (has('user_id')) return 'shard_of(sent.user_id) = (select this_shard.shard from this_shard)';
  return 'true';
};
