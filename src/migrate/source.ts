import type pg from 'pg';
import {
  mappedAnew,
  mappingKept,
  mappingOf,
  type Settings,
  type SourceMapping,
  sourceVariable,
} from '../config.js';
import { toFailure } from '../db/failure.js';
import { type Failure, usageFailure, workFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { didYouMean, nearest } from '../report/suggest.js';

/** What was found of the application's tables, and the SQL of our views over them. */
export interface Source {
  /** The statements that make the views, in order. */
  readonly views: readonly string[];
  readonly taps: SourceTable;
  readonly users: SourceTable;
  /** What the views are made with. */
  readonly mapping: SourceMapping;
  /** Sentences for the operator, about missing columns (with what stays empty without them) and missing indexes. */
  readonly notices: readonly string[];
}

/** A table of the application, for triggers on it. */
export interface SourceTable {
  readonly oid: number;
  /** With its schema, quoted. */
  readonly sql: string;
  readonly name: string;
  /** Quoted, without its schema: what an expression may call it. */
  readonly alias: string;
  /** SQL of the column that capture needs: the tap's time as a timestamp in UTC, or the user's id. */
  readonly key: string;
}

interface Column {
  name: string;
  number: number;
  type: string;
}

interface Relation {
  readonly oid: number;
  /** Quoted, with its schema. */
  readonly sql: string;
  readonly name: string;
  /** Quoted, without its schema. */
  readonly alias: string;
  readonly kind: string;
  readonly columns: readonly Column[];
}

interface Mapped {
  readonly sql: string;
  readonly type: string;
  /** Number of the column in its table; null for an expression. */
  readonly column: number | null;
}

const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

/** What is recorded with the data of a schema; null also where there is no schema yet. */
export const recordedSetting = async (
  client: pg.ClientBase,
  schema: string,
  key: 'mapping' | 'zone',
): Promise<string | null> => {
  const table = `"${schema}".setting`;
  const { rows } = await client.query('select 1 as is_there where to_regclass($1) is not null', [table]);
  if (rows.length === 0) return null;
  const found = await client.query<{ value: string }>(`select value from ${table} where key = $1`, [key]);
  return found.rows[0]?.value ?? null;
};

/**
 * Checks the mapping against the catalogue and makes the views' SQL. Only reads. Throws a usage failure that names the
 * setting, what was found and what is expected.
 */
export const inspectSource = async (
  client: pg.ClientBase,
  settings: Pick<Settings, 'schema' | 'source'>,
): Promise<Source> => {
  const recorded = await recordedSetting(client, settings.schema, 'mapping');
  const mapping = mappingOf(settings.source, recorded === null ? {} : JSON.parse(recorded));
  const taps = await findRelation(client, mapping, 'tapsTable');
  const users = await findRelation(client, mapping, 'usersTable');
  const column = (relation: Relation, key: keyof SourceMapping) => mapColumn(client, relation, mapping, key);
  const tapId = await column(taps, 'tapsId');
  const id1 = expectType(await column(taps, 'tapsId1'), taps, 'tapsId1', ['uuid']);
  const id2 = expectType(await column(taps, 'tapsId2'), taps, 'tapsId2', ['uuid']);
  const time = expectType(await column(taps, 'tapsTime'), taps, 'tapsTime', [
    'timestamp with time zone',
    'timestamp without time zone',
  ]);
  const latitude = await optionalNumber(client, taps, mapping, 'tapsLatitude');
  const longitude = await optionalNumber(client, taps, mapping, 'tapsLongitude');
  const userId = expectType(await column(users, 'usersId'), users, 'usersId', ['uuid']);
  const name = await column(users, 'usersName');
  const home = hasDefaultOnly(users, mapping, 'usersHome')
    ? 'null::text'
    : `(${(await column(users, 'usersHome')).sql})::text`;
  const optOut = expectType(await column(users, 'usersOptOut'), users, 'usersOptOut', ['boolean']);
  const tappedAt = time.type === 'timestamp without time zone' ? `${time.sql} at time zone 'UTC'` : time.sql;
  // Of several users of one id always the same, whatever order they are found in; who is hidden by one of them is.
  const isKey = await isUnique(client, users, userId);
  const distinct = isKey ? '' : `distinct on (${userId.sql}) `;
  const order = isKey
    ? ''
    : `\norder by id, opted_out desc, (${home}) collate "C", (${name.sql})::text collate "C"`;
  const tapView = `create view tap as
select
  ${tapId.sql} as id,
  ${id1.sql} as id1,
  ${id2.sql} as id2,
  ${time.sql} as tap_time,
  ${tappedAt} as tapped_at,
  ${latitude} as latitude,
  ${longitude} as longitude
from ${taps.sql}`;
  const userView = `create view app_user as
select ${distinct}
  ${userId.sql} as id,
  (${name.sql})::text as name,
  ${home} as home,
  coalesce(${optOut.sql}, false) as opted_out
from ${users.sql}
where ${userId.sql} is not null${order}`;
  return {
    views: [tapView, userView, readPackageFile('sql/source/classified_tap.sql'), ...viewComments],
    taps: {
      oid: taps.oid,
      sql: taps.sql,
      name: taps.name,
      alias: taps.alias,
      key: time.type === 'timestamp without time zone' ? time.sql : `${time.sql} at time zone 'UTC'`,
    },
    users: { oid: users.oid, sql: users.sql, name: users.name, alias: users.alias, key: userId.sql },
    mapping,
    notices: [
      ...keptNotices(settings.source, mapping),
      ...missingNotices(taps, users, mapping),
      ...(await indexNotice(client, taps, time)),
    ],
  };
};

const keptNotices = (given: Partial<SourceMapping>, mapping: SourceMapping): string[] => {
  const kept = mappingKept(given, mapping);
  return kept.length === 0 ? [] : [`Not set here, and kept as the views were made: ${kept.join(', ')}`];
};

/** Says, where it is so, that the settings map the source otherwise than the views do that `migrate` made. */
export const mappingNotices = async (
  query: <Row extends Record<string, unknown>>(text: string) => Promise<Row[]>,
  given: Partial<SourceMapping>,
): Promise<string[]> => {
  const [recorded] = await query<{ value: string }>("select value from setting where key = 'mapping'");
  const names = recorded === undefined ? [] : mappedAnew(given, JSON.parse(recorded.value));
  if (names.length === 0) return [];
  return [
    `${names.join(', ')}: the views were made with other settings, and are what counts. Make them anew with: arc-gam migrate`,
  ];
};

/** Comments of a view and its columns. */
const documented = (view: string, about: string, columns: Record<string, string>): string[] => [
  `comment on view ${view} is '${about.replaceAll("'", "''")}'`,
  ...Object.entries(columns).map(
    ([name, text]) => `comment on column ${view}.${name} is '${text.replaceAll("'", "''")}'`,
  ),
];

const viewComments = [
  ...documented(
    'tap',
    "The application's taps under the names that every step uses: with app_user the only place that knows its table and columns.",
    {
      id: "The application's id of the tap.",
      id1: 'One of the two users.',
      id2: 'The other one.',
      tap_time: "The application's column as it is: filter on it to use its index.",
      tapped_at: 'The same moment as a timestamptz.',
      latitude: 'Degrees north, as the application has it; null where it has none.',
      longitude: 'Degrees east, as the application has it; null where it has none.',
    },
  ),
  ...documented('app_user', "The application's users under the names that every step uses.", {
    id: 'The id that taps refer to; who has none is no user.',
    name: 'What the user is called; read when shown, stored in no rollup.',
    opted_out: 'Whether the user is left out of what others are shown.',
    home: "The user's home as free text; null where the application has none.",
  }),
  ...documented('classified_tap', 'Every tap with the reason why it is ignored, null for a valid one.', {
    tap_time: "The bare column of the application: filter on it to use the application's index.",
    tapped_at: 'The moment of the tap.',
    ignored_because: 'null time, null id, self tap or unknown user; null for a valid tap.',
    u1: 'The smaller of the two ids.',
    u2: 'The larger of the two ids.',
    latitude: 'Degrees north; null unless both coordinates are plausible.',
    longitude: 'Degrees east; null unless both coordinates are plausible.',
    tap_hash:
      'A 64-bit hash of both ids, time and coordinates, 0 where an id is null, 1 where a user taps themselves: the part of the tap in the digest of its day.',
    unknown_sides:
      '1 where u1 is not in users, 2 where u2 is not, 3 where neither is; null for every other tap.',
  }),
];

/** A name as in SQL: in double quotes whatever it is, else a word. */
const identifier = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/u.source;
const relationInSql = new RegExp(`^(?:(${identifier})\\s*\\.\\s*)?(${identifier})$`, 'u');

/** What a name stands for: Postgres puts one without quotes into small letters. */
const meant = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();

/**
 * Schema and table that a setting such as `public.taps` or `"My App".taps` names. Throws a usage failure for any other
 * text.
 */
export const relationName = (
  mapping: SourceMapping,
  key: 'tapsTable' | 'usersTable',
): { schema: string; table: string } => {
  const given = mapping[key];
  const [, schema = 'public', table] = relationInSql.exec(given) ?? [];
  if (table === undefined) {
    throw usageFailure(
      `${sourceVariable(key)} is '${given}', expected a table such as public.taps, or "Social App"."TapEvent": names that are not in small letters in double quotes, and in a .env file or a shell single quotes around all of it.`,
    );
  }
  return { schema: meant(schema), table: meant(table) };
};

const findRelation = async (
  client: pg.ClientBase,
  mapping: SourceMapping,
  key: 'tapsTable' | 'usersTable',
): Promise<Relation> => {
  const { schema, table } = relationName(mapping, key);
  const { rows } = await client.query<{ oid: number; kind: string }>(
    readPackageFile('sql/source/relation.sql'),
    [schema, table],
  );
  const found = rows[0];
  if (found === undefined) {
    const names = await applicationTables(client);
    const wanted = `${schema}.${table}`;
    // The most similar names: a database may have hundreds of tables, too many to list them all.
    const list = nearest(wanted, names).slice(0, 12).join(', ');
    const others = names.length > 12 ? `It has ${names.length}, among them: ${list}.` : `It has: ${list}.`;
    throw usageFailure(
      `There is no table ${wanted} in this database (${sourceVariable(key)}).${didYouMean(wanted, names)} ${names.length === 0 ? 'It has no tables that this role can see.' : others}`,
    );
  }
  const columns = await client.query<Column>(readPackageFile('sql/source/column.sql'), [found.oid]);
  return {
    oid: found.oid,
    kind: found.kind,
    name: `${schema}.${table}`,
    alias: quote(table),
    sql: `${quote(schema)}.${quote(table)}`,
    columns: columns.rows,
  };
};

/** Throws a usage failure with the tables that there are, where the mapping names one that is not there. */
export const requireSourceTables = async (
  client: pg.ClientBase,
  settings: Pick<Settings, 'source'>,
): Promise<void> => {
  const mapping = mappingOf(settings.source);
  for (const key of ['tapsTable', 'usersTable'] as const) await findRelation(client, mapping, key);
};

/** Tables and views that may be the application's: not Postgres' own, and not those of a schema that arc-gam made. */
export const applicationTables = async (client: pg.ClientBase): Promise<string[]> => {
  const { rows } = await client.query<{ name: string }>(readPackageFile('sql/source/application_table.sql'));
  return rows.map(({ name }) => name);
};

/** What stays empty without a column that may be missing. */
const emptyWithout = {
  coordinates:
    'every tap counts as one without a place: new_areas quests, surge_windows and the map stay empty',
  home: 'home_location_struct and the city boards stay empty',
} as const;

/**
 * A sentence about columns that were not found. Whoever has no such column maps the setting to null and hears no more
 * of it.
 */
const missingNotices = (taps: Relation, users: Relation, mapping: SourceMapping): string[] => {
  const coordinates = (['tapsLatitude', 'tapsLongitude'] as const).filter((key) =>
    hasDefaultOnly(taps, mapping, key),
  );
  const notices: string[] = [];
  if (coordinates.length > 0)
    notices.push(missingNotice(taps, mapping, coordinates, emptyWithout.coordinates));
  if (hasDefaultOnly(users, mapping, 'usersHome')) {
    notices.push(missingNotice(users, mapping, ['usersHome'], emptyWithout.home));
  }
  return notices;
};

/** Names under which other applications keep the same thing. */
const otherNames: Partial<Record<keyof SourceMapping, RegExp>> = {
  tapsLatitude: /^(lat|latitude|.*_lat|.*_latitude)$/i,
  tapsLongitude: /^(lon|lng|long|longitude|.*_(lon|lng|long|longitude))$/i,
  usersHome: /^(home.*|city|location|hometown|.*_city)$/i,
};

const missingNotice = (
  relation: Relation,
  mapping: SourceMapping,
  keys: readonly (keyof SourceMapping)[],
  empty: string,
): string => {
  const names = keys.map((key) => `'${mapping[key]}' (${sourceVariable(key)})`).join(' and ');
  const guesses = keys.flatMap((key) => {
    const like = relation.columns.find(({ name }) => otherNames[key]?.test(name));
    return like === undefined ? [] : [`${sourceVariable(key)}=${like.name}`];
  });
  const advice =
    guesses.length > 0
      ? `If that is what these columns hold, set: ${guesses.join(' ')}.`
      : `If there is one under another name, map it; if not, ${keys.map((key) => `${sourceVariable(key)}=null::${key === 'usersHome' ? 'text' : 'float8'}`).join(' ')} says so for good.`;
  return `${relation.name} has no column ${names}: ${empty}. ${advice}`;
};

const hasDefaultOnly = (relation: Relation, mapping: SourceMapping, key: keyof SourceMapping): boolean =>
  optionalDefaults[key] === mapping[key] && !relation.columns.some(({ name }) => name === mapping[key]);

const optionalDefaults: Partial<SourceMapping> = {
  tapsLatitude: 'latitude',
  tapsLongitude: 'longitude',
  usersHome: 'home',
};

/**
 * A setting is the name of a column or an SQL expression over the table. Postgres is asked for the expression's type.
 */
const mapColumn = async (
  client: pg.ClientBase,
  relation: Relation,
  mapping: SourceMapping,
  key: keyof SourceMapping,
): Promise<Mapped> => {
  const given = mapping[key];
  const column = relation.columns.find(({ name }) => name === given || quote(name) === given);
  if (column !== undefined) return { sql: quote(column.name), type: column.type, column: column.number };
  if (/^[A-Za-z_][\w$]*$/.test(given)) {
    const list = relation.columns.map(({ name, type }) => `${name} ${type}`).join(', ');
    throw usageFailure(
      `${relation.name} has no column '${given}' (${sourceVariable(key)}). It has: ${list}. Set ${sourceVariable(key)} to one of them, or to an SQL expression over them.`,
    );
  }
  if (/;|--|\/\*/.test(given)) {
    throw usageFailure(
      `${sourceVariable(key)} is '${given}': an expression can't have a semicolon or a comment.`,
    );
  }
  try {
    // Over rows that are called as the table is, as in capture's triggers: there no schema is before that name. Of each
    // row by itself (lateral), which an aggregate is not.
    const { rows } = await client.query<{ type: string }>(
      `select format_type(pg_typeof(value)::oid, null) as type
       from (select 1) as one
       left join (
         select described.value
         from (select * from ${relation.sql} limit 0) as ${relation.alias}
         cross join lateral (select (${given}) as value) as described
       ) as described on true`,
    );
    return { sql: `(${given})`, type: rows[0]?.type ?? 'unknown', column: null };
  } catch (error) {
    if ((error as { code?: string }).code === '42501') throw unreadable(relation, error);
    const isUnknown = ['42883', '42704'].includes((error as { code?: string }).code ?? '');
    const hint = isUnknown
      ? ' Functions and types of your own are written with their schema: public.f(x).'
      : '';
    throw usageFailure(
      `${sourceVariable(key)} is '${given}', which Postgres can't read as an expression over ${relation.name}: ${toFailure(error).message}${hint}`,
      { cause: error },
    );
  }
};

const unreadable = (relation: Relation, cause: unknown): Failure =>
  workFailure(
    `The role may not read ${relation.name} (${(cause as Error).message}). Run migrate and capture as the role that owns arc-gam's schema; arc-gam grants prints the SQL of what it needs.`,
    { cause },
  );

const expectType = (
  mapped: Mapped,
  relation: Relation,
  key: keyof SourceMapping,
  types: readonly string[],
): Mapped => {
  if (types.includes(mapped.type)) return mapped;
  throw usageFailure(
    `${sourceVariable(key)}: ${mapped.sql} of ${relation.name} is of type ${mapped.type}, expected ${types.join(' or ')}. Map it to an expression of that type.`,
  );
};

const numberTypes = new Set(['double precision', 'real', 'numeric', 'integer', 'bigint', 'smallint']);

const optionalNumber = async (
  client: pg.ClientBase,
  relation: Relation,
  mapping: SourceMapping,
  key: 'tapsLatitude' | 'tapsLongitude',
): Promise<string> => {
  if (hasDefaultOnly(relation, mapping, key)) return 'null::double precision';
  const mapped = await mapColumn(client, relation, mapping, key);
  if (mapped.type === 'double precision') return mapped.sql;
  if (numberTypes.has(mapped.type)) return `(${mapped.sql})::double precision`;
  return expectType(mapped, relation, key, ['double precision']).sql;
};

/** Where no unique key covers the users' ids, the view must not show an id twice: their taps would count twice. */
const isUnique = async (client: pg.ClientBase, users: Relation, id: Mapped): Promise<boolean> => {
  const { rows } = await client.query(readPackageFile('sql/source/unique_index.sql'), [
    users.oid,
    id.column ?? 0,
  ]);
  return rows.length > 0;
};

const indexNotice = async (client: pg.ClientBase, taps: Relation, time: Mapped): Promise<string[]> => {
  if (!['r', 'p', 'm'].includes(taps.kind) || time.column === null) return [];
  const { rows } = await client.query(readPackageFile('sql/source/leading_index.sql'), [
    taps.oid,
    time.column,
  ]);
  if (rows.length > 0) return [];
  const isPartitioned = taps.kind === 'p';
  return [
    `No index of ${taps.name} leads with ${time.sql}: every batch reads the whole table. Create one${isPartitioned ? ', which holds up its writers meanwhile' : ''}: create index ${isPartitioned ? '' : 'concurrently '}on ${taps.sql} (${time.sql});`,
  ];
};
