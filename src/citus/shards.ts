import { pinnedValues, type Row, type Session, type Value } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { filledFile } from '../sql-text.js';

/** Tables whose rows are of two users. Where these are in two shards, the second one has a copy of the row. */
const pairTables = ['pair', 'pair_day', 'pair_day_tap'] as const;

export const isOfPairs = (table: string): boolean => pairTables.some((name) => name === table);

/** The table with the copies of a table's rows. */
export const copyOf = (table: string): string => `${table}_copy`;

/** In a shard: what its table itself has. */
export const ownOf = (table: string): string => `${table}_own`;

/** SQL that says, in a shard, in which of its node's tables the rows are that a name stands for. */
export const placeOf = (name: string): string =>
  `(select to_regclass(stored_place.place) from stored_place where stored_place.name = '${name}')`;

/** The schema in which a batch makes the tables through which rows get from shard to shard. */
export const batchSchema = (schema: string): string => `${schema}_batch`;

/** The columns of a table with their types, in their order; `isGiven`: without those that are computed from others. */
export const columnsOf = async (session: Session, table: string, isGiven = false): Promise<Column[]> =>
  (
    await session.query<Column & { is_given: boolean }>(readPackageFile('sql/citus/shard/column.sql'), [
      table,
    ])
  ).filter(({ is_given }) => is_given || !isGiven);

interface Shard extends Record<string, unknown> {
  /** What its rows have in their column shard. */
  readonly shard: number;
  /** From 0 on. */
  readonly shard_no: number;
}

/** The shards that there are, in the order of their numbers. */
export const shardsOf = (session: Session, schema: string): Promise<Shard[]> =>
  session.query<Shard>(`select shard, shard_no from "${schema}".figure_shard order by shard_no`);

/** Distributes a table that has a column shard, in one group with all that is spread. */
export const distributeByShard = async (session: Session, schema: string, name: string): Promise<void> => {
  await session.query(
    "select create_distributed_table($1::text::regclass, 'shard', colocate_with => $2::text)",
    [name, `"${schema}".figure_shard`],
  );
};

interface Place extends Record<string, unknown> {
  readonly name: string;
  /** Null: a table that every node has. */
  readonly shard_no: number | null;
  readonly place: string;
}

/**
 * Runs statements beside the rows of each shard, on the node that has it: there every table of ours is found under its
 * name with the rows of that shard's users only, and tables that are made are of that shard. To each node goes one
 * question for all of its shards, in the transaction of the session.
 */
export class Shards {
  /** Statements that change nothing that anybody asks for: they go along with the next one, a question less each. */
  private pending: string[] = [];

  constructor(
    private readonly session: Session,
    private readonly schema: string,
  ) {}

  /** Lets the tables be found, until the transaction ends. */
  async open(): Promise<void> {
    // A change that Citus knows of: each node then commits in two phases, and no shard moves meanwhile.
    await this.session.run(`update "${this.schema}".figure_shard set shard_no = shard_no`);
    const places = await this.places();
    const texts = (await shardsOf(this.session, this.schema)).map(({ shard, shard_no }) => {
      const tables = places
        .filter((place) => place.shard_no === null || place.shard_no === shard_no)
        .filter(({ name }) => name !== 'figure_shard')
        .map((place) => ({ ...place, own: isOfPairs(place.name) ? ownOf(place.name) : place.name }));
      const views = tables
        .flatMap(({ own, place, shard_no: number }) => [
          `create view ${own} as select * from ${place}`,
          ...(number === null ? [] : [`alter view ${own} alter column shard set default ${shard}`]),
        ])
        .concat(
          pairTables.map(
            (name) =>
              `create view ${name} as select * from ${ownOf(name)} union all select * from ${copyOf(name)}`,
          ),
        );
      const named = tables.map(({ own, place }) => `('${own}', '${place}')`).join(', ');
      return [
        pinnedValues.replace(/;$/, ''),
        'set local citus.enable_ddl_propagation = off',
        ...views,
        `create view stored_place (name, place) as values ${named}`,
        `create view this_shard as select ${shard} as shard`,
        `create view own_user as select user_id, user_key from user_key where "${this.schema}".shard_of(user_id) = ${shard}`,
        `create view friend as select u1_key as user_key, u2_key as friend_key, first_day from pair union all select u2_key, u1_key, first_day from pair`,
      ].join(';\n');
    });
    await this.each(texts);
  }

  /** Reads the taps between these moments into a table of each shard, which `create` makes: those of its users. */
  async read(
    table: string,
    create: string,
    ranges: readonly { readonly starts_at: string; readonly ends_at: string }[],
  ): Promise<void> {
    const name = `"${batchSchema(this.schema)}".${table}`;
    await this.session.script(create);
    await this.session.script(`alter table ${name} add column shard integer not null`);
    await distributeByShard(this.session, this.schema, name);
    const [first] = await shardsOf(this.session, this.schema);
    const text = ranges.map(
      ({ starts_at, ends_at }) =>
        `classified_tap.tap_time >= '${starts_at}' and classified_tap.tap_time < '${ends_at}'`,
    );
    if (text.length > 0)
      await this.session.run(
        filledFile('sql/citus/shard/reading.sql', {
          schema: `"${this.schema}"`,
          reading: name,
          first: String(first?.shard ?? 0),
          ranges: text.map((range) => `(${range})`).join(' or '),
        }),
      );
    const texts = (await this.places())
      .filter((place) => place.name === table)
      .map(({ place }) => `create view ${table} as select * from ${place}`);
    await this.each(texts);
  }

  /** Has each shard see a table that every node has, under another name. */
  async look(table: string, place: string): Promise<void> {
    const places = await this.places();
    const found = places.find(({ name }) => name === place);
    const there = found?.place;
    if (there === undefined) throw new Error(`no node has the table ${place}`);
    await this.run(`analyze ${there}; drop table ${table}; create view ${table} as select * from ${there}`);
  }

  /** Replaces a table's rows in each shard by those that any shard's `select` says are of it (in a column shard). */
  async route(table: string, columns: readonly Column[], select: string): Promise<void> {
    const name = `"${batchSchema(this.schema)}".routed_${table}`;
    const names = columns.map((column) => column.name).join(', ');
    await this.session.script(
      `create unlogged table ${name} (shard integer not null, ${columns.map((column) => `${column.name} ${column.type}`).join(', ')})`,
    );
    await distributeByShard(this.session, this.schema, name);
    await this.gather(name, [{ name: 'shard', type: 'integer' }, ...columns], select);
    const places = (await this.places()).filter((place) => place.name === `routed_${table}`);
    await this.each(
      places.map(
        ({ place }) =>
          `truncate ${table}; insert into ${table} (${names}) select ${names} from ${place}; analyze ${table}`,
      ),
    );
    await this.session.script(`drop table ${name}`);
  }

  private places(): Promise<Place[]> {
    return this.session.query<Place>(readPackageFile('sql/citus/shard/place.sql'), [this.schema]);
  }

  /** Takes away what open and read made. */
  async close(): Promise<void> {
    await this.run(readPackageFile('sql/citus/shard/clear.sql'));
  }

  /** Runs other statements in each shard, in the order of their numbers. */
  private async each(texts: readonly string[]): Promise<void> {
    await this.session.query(
      `select sum("${this.schema}".run_on_shard($1, ($2::text[])[shard_no + 1], '{}', shard_no)) as count from "${this.schema}".figure_shard`,
      [this.taken(), arrayOf(texts)],
    );
  }

  /** What is pending, for the statement that takes it along. */
  private taken(): string {
    const text = this.pending.join(';\n');
    this.pending = [];
    return text;
  }

  /** Runs one statement in each shard. Returns the number of rows written in all of them. */
  async run(text: string, parameters: readonly Value[] = []): Promise<number> {
    const [written] = await this.session.query<{ rows: number }>(
      `select sum("${this.schema}".run_on_shard($1, $2, $3::text[], shard_no))::float8 as rows from "${this.schema}".figure_shard`,
      [this.taken(), text, arrayOf(parameters.map((value) => (value === null ? null : String(value))))],
    );
    return written?.rows ?? 0;
  }

  /** Has several statements without parameters run in each shard, before the next that is asked for. */
  async script<Result extends Row = Row>(text: string): Promise<Result[]> {
    const statements = text.trim().replace(/;$/, '');
    if (statements !== '') this.pending.push(statements);
    return [];
  }

  /** The sum of what a SELECT says of each shard, by column. */
  async sums(select: string, columns: readonly string[]): Promise<Record<string, number>> {
    const [sums] = await this.session.query<Record<string, number>>(
      `select ${columns.map((column, index) => `sum((found.fields)[${index + 1}]::float8)::float8 as ${column}`).join(', ')}
       from "${this.schema}".figure_shard
       cross join lateral "${this.schema}".rows_on_shard($1, $2, figure_shard.shard_no) as found (fields)`,
      [
        this.taken(),
        `select array[${columns.map((column) => `counted.${column}::text`).join(', ')}] from (${select}) as counted`,
      ],
    );
    return sums ?? {};
  }

  /** Adds what a SELECT says of each shard to a table of this server. Returns the number of rows. */
  gather(table: string, columns: readonly Column[], select: string): Promise<number> {
    return this.session.run(
      `insert into ${table} (${columns.map(({ name }) => name).join(', ')})
       select ${columns.map(({ type }, index) => `(found.fields)[${index + 1}]::${type}`).join(', ')}
       from "${this.schema}".figure_shard
       cross join lateral "${this.schema}".rows_on_shard($1, $2, figure_shard.shard_no) as found (fields)`,
      [
        this.taken(),
        `select array[${columns.map(({ name }) => `gathered.${name}::text`).join(', ')}] from (${select}) as gathered`,
      ],
    );
  }

  /** Adds what a SELECT says on this server to a table of each shard; with `where`, which rows a shard takes. */
  async send(table: string, columns: readonly Column[], select: string, where = 'true'): Promise<void> {
    const [sent] = await this.session.query<Record<string, string | null>>(
      `select ${columns.map(({ name }) => `array_agg(sent.${name}::text)::text as ${name}`).join(', ')} from (${select}) as sent`,
    );
    if (sent === undefined || Object.values(sent)[0] === null) return;
    const names = columns.map(({ name }) => name).join(', ');
    const values = columns.map(({ name }) => sent[name] ?? null);
    await this.session.query(
      `select sum("${this.schema}".run_on_shard($1, $2, array[$3]::text[], shard_no)) from "${this.schema}".figure_shard`,
      [
        this.taken(),
        `insert into ${table} (${names})
         select sent.*
         from (
           select ${columns.map(({ name, type }) => `given.${name}::${type}`).join(', ')}
           from unnest(${columns.map((_, index) => `(($1::text[])[${index + 1}])::text[]`).join(', ')}) as given (${names})
         ) as sent
         where ${where}`,
        arrayOf(values),
      ],
    );
  }
}

/** A column and its type, as SQL names them. */
export interface Column extends Record<string, unknown> {
  readonly name: string;
  readonly type: string;
}

/** An array as a bind parameter. */
const arrayOf = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'null' : `"${value.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
