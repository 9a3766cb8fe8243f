import { type SourceMapping, sourceVariable } from '../config.js';

/** A column of the application, as sql/init/column.sql describes it. */
export interface CatalogueColumn {
  /** schema.table */
  readonly relation: string;
  readonly schema_name: string;
  readonly table_name: string;
  readonly name: string;
  /** The name in an expression: quoted where that is necessary, as it is for a word of SQL. */
  readonly sql: string;
  readonly type: string;
  /** Whether it is unique by itself. */
  readonly is_unique: boolean;
  /** The table that it refers to, as schema.table. */
  readonly refers_to: string | null;
}

/** One setting and what it rests on. */
export interface Guess {
  readonly key: keyof SourceMapping;
  readonly variable: string;
  readonly value: string;
  /** The reason, a sentence without its full stop. */
  readonly why: string;
}

export interface Guesses {
  readonly settings: readonly Guess[];
  /** Sentences about what is missing or must be decided by the user. While there is any, nothing can be set up. */
  readonly undecided: readonly string[];
  /** Sentences about optional columns that were not found, and about users who are only marked as deleted. */
  readonly missing: readonly string[];
}

interface Relation {
  readonly name: string;
  /** A name in the form of a setting: quoted only where that is necessary. */
  readonly sql: string;
  readonly table: string;
  readonly columns: readonly CatalogueColumn[];
}

interface Tapping {
  readonly relation: Relation;
  readonly one: CatalogueColumn;
  readonly other: CatalogueColumn;
  readonly score: number;
  readonly why: string;
}

type Given = Partial<Record<keyof SourceMapping, string>>;

const isTime = ({ type }: CatalogueColumn) => /^timestamp with(out)? time zone$/.test(type);
const isText = ({ type }: CatalogueColumn) => /^(text|character varying|(.+\.)?citext|character)$/.test(type);
const isNumber = ({ type }: CatalogueColumn) =>
  /^(double precision|real|numeric|integer|bigint|smallint)$/.test(type);
const isUuid = ({ type }: CatalogueColumn) => type === 'uuid';

/**
 * Finds the application's tables and columns by their names, types, unique and foreign keys. `given` is what the user
 * has already decided, tables as schema.table. Where two candidates are equally likely it chooses neither and says so.
 */
export const guessMapping = (columns: readonly CatalogueColumn[], given: Given): Guesses => {
  const relations = relationsOf(columns);
  const undecided: string[] = [];
  const missing: string[] = [];
  const settings: Guess[] = [];
  const note = (key: keyof SourceMapping, value: string, why: string) => {
    // A table that was given is the only candidate.
    const decided = key === 'tapsTable' || key === 'usersTable' ? undefined : given[key];
    settings.push({
      key,
      variable: sourceVariable(key),
      value: decided ?? value,
      why: given[key] === undefined ? why : 'set already',
    });
  };

  const taps = best(
    relations
      .filter(({ name }) => given.tapsTable === undefined || name === given.tapsTable)
      .flatMap((relation) => tappings(relation, given)),
  );
  if (taps.length !== 1) {
    undecided.push(tapsUndecided(taps, given));
    return { settings, undecided, missing };
  }
  const [tapping] = taps as [Tapping];
  note('tapsTable', tapping.relation.sql, tapping.why);

  const users = best(
    relations
      .filter(({ name }) =>
        given.usersTable === undefined ? name !== tapping.relation.name : name === given.usersTable,
      )
      .flatMap((relation) => peopleOf(relation, tapping, given)),
  );
  if (users.length !== 1) {
    undecided.push(
      usersUndecided(
        users.map(({ relation }) => relation.name),
        given,
      ),
    );
    return { settings, undecided, missing };
  }
  const [people] = users as [ReturnType<typeof peopleOf>[number]];
  note('usersTable', people.relation.sql, people.why);

  const tapColumns = tapping.relation.columns;
  const tapId =
    found(tapColumns, [/^id$/i, /^tap_?id$/i, /id$/i], ({ is_unique }) => is_unique) ?? tapColumns[0];
  if (tapId !== undefined)
    note(
      'tapsId',
      quoted(tapId),
      tapId.is_unique ? 'it is unique' : 'the first column; nothing says that it is unique',
    );
  const mark = deletionMark(tapColumns);
  // The time stays a plain column, so that its index serves.
  if (mark === undefined) note('tapsId1', quoted(tapping.one), pairReason(tapping));
  else {
    note(
      'tapsId1',
      unlessMarked(mark, tapping.one),
      `${pairReason(tapping)}; ${mark.name} is taken for the mark of a deleted tap, which is left out`,
    );
  }
  note('tapsId2', quoted(tapping.other), pairReason(tapping));
  const times = tapColumns.filter((column) => isTime(column) && column !== mark);
  const time = found(times, timeNames) ?? (times.length === 1 ? times[0] : undefined);
  if (time !== undefined || given.tapsTime !== undefined) {
    const zoneless =
      time?.type === 'timestamp without time zone' ? '; it has no zone, and is read as UTC' : '';
    note(
      'tapsTime',
      time === undefined ? '' : quoted(time),
      `${times.length === 1 ? 'the only column that is a time' : 'by its name'}${zoneless}`,
    );
  } else {
    undecided.push(
      `${tapping.relation.name} has several times (${times.map(({ name }) => name).join(', ')}): set ${sourceVariable('tapsTime')} to the one at which people tapped.`,
    );
  }
  const place = placeOf(tapColumns);
  if (place !== undefined || given.tapsLatitude !== undefined) {
    note('tapsLatitude', place?.latitude ?? '', place?.why ?? '');
    note('tapsLongitude', place?.longitude ?? '', place?.why ?? '');
  } else {
    missing.push(`${tapping.relation.name} has no coordinates: quests of new areas and surges stay empty.`);
    note('tapsLatitude', 'null::float8', 'there are no coordinates');
    note('tapsLongitude', 'null::float8', 'there are no coordinates');
  }

  note(
    'usersId',
    quoted(people.id),
    people.id.refers_to === null ? 'a unique uuid' : `unique, and refers to ${people.id.refers_to}`,
  );
  note('usersName', people.name.value, people.name.why);
  const home = found(people.relation.columns.filter(isText), homeNames);
  if (home !== undefined || given.usersHome !== undefined) {
    note('usersHome', home === undefined ? '' : quoted(home), 'a text, by its name');
  } else {
    missing.push(
      `${people.relation.name} has no text that says where somebody lives: homes and city boards stay empty.`,
    );
    note('usersHome', 'null::text', 'there is no such column');
  }
  const gone = deletionMark(people.relation.columns);
  if (gone !== undefined && given.usersId === undefined) {
    missing.push(
      `${people.relation.name} has ${gone.name}, and who is marked stays a user. To forget them: ${sourceVariable('usersId')}='${unlessMarked(gone, people.id)}'.`,
    );
  }
  const optOut = found(
    people.relation.columns.filter(({ type }) => type === 'boolean'),
    [/^(opt(ed)?_?out)/i],
  );
  if (optOut !== undefined || given.usersOptOut !== undefined) {
    note('usersOptOut', optOut === undefined ? '' : quoted(optOut), 'a boolean, by its name');
  }
  return { settings, undecided, missing };
};

const timeNames = [
  /^time$/i,
  /^tap(ped)?_?(time|at|on)$/i,
  /^(occurred|happened|met|scanned)_?(at|on)$/i,
  /^(timestamp|ts|at|datetime)$/i,
  /^created_?(at|on)$/i,
];
const deletedNames = [/^(is_?)?(soft_?)?(deleted|removed)(_?(at|on))?$/i];
const homeNames = [/^home(_?(town|city|location|text))?$/i, /^(city|location|lives_in|residence)$/i];

const relationsOf = (columns: readonly CatalogueColumn[]): Relation[] => {
  const relations = new Map<string, CatalogueColumn[]>();
  for (const column of columns) {
    const columns = relations.get(column.relation);
    if (columns === undefined) relations.set(column.relation, [column]);
    else columns.push(column);
  }
  return [...relations].map(([name, all]) => {
    const { schema_name = '', table_name = name } = all[0] ?? {};
    return {
      name,
      sql: `${identifier(schema_name)}.${identifier(table_name)}`,
      table: table_name,
      columns: all,
    };
  });
};

/** The candidates with the highest score. */
const best = <Candidate extends { readonly score: number }>(
  candidates: readonly Candidate[],
): Candidate[] => {
  const most = Math.max(...candidates.map(({ score }) => score));
  return candidates.filter(({ score }) => score === most);
};

/** The first column that a name fits, names in the order of preference. */
const found = (
  columns: readonly CatalogueColumn[],
  names: readonly RegExp[],
  fits: (column: CatalogueColumn) => boolean = () => true,
): CatalogueColumn | undefined => {
  for (const name of names) {
    const column = columns.find((candidate) => name.test(candidate.name) && fits(candidate));
    if (column !== undefined) return column;
  }
  return undefined;
};

/** As a setting, which migrate looks up by its name: a plain one as it is, any other as a quoted identifier. */
const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** The column by which rows are only marked as deleted. */
const deletionMark = (columns: readonly CatalogueColumn[]): CatalogueColumn | undefined =>
  found(
    columns.filter((column) => isTime(column) || column.type === 'boolean'),
    deletedNames,
  );

/** The id of a row, null of one that is marked as deleted. */
const unlessMarked = (mark: CatalogueColumn, id: CatalogueColumn): string =>
  `case when ${mark.sql} is ${mark.type === 'boolean' ? 'not true' : 'null'} then ${id.sql} end`;

const quoted = ({ name }: CatalogueColumn): string => identifier(name);

/** The column that a setting names, if the table has it; an expression stands for itself. */
const decided = ({ columns }: Relation, setting: string): CatalogueColumn[] => {
  const column = columns.find(
    ({ name }) => name === setting || `"${name.replaceAll('"', '""')}"` === setting,
  );
  if (column !== undefined) return [column];
  const [any] = columns;
  if (any === undefined || /^[A-Za-z_][\w$]*$/.test(setting)) return [];
  return [{ ...any, name: setting, sql: setting, is_unique: false, refers_to: null }];
};

/** Pairs of names for the two users of a tap: id1 and id2, from_user and to_user. */
const isPairOfNames = (one: string, other: string): boolean => {
  const first = one.replace(/1|one|_a\b|from|sender|tapper|initiator|source/i, '#');
  const second = other.replace(/2|two|_b\b|to(?=_|$)|receiver|recipient|tapped|target/i, '#');
  return first === second && first.includes('#');
};

const tableScore = (table: string): number =>
  /^taps?$/i.test(table)
    ? 5
    : /tap/i.test(table)
      ? 3
      : /meet|encounter|connect|scan|interact|contact/i.test(table)
        ? 2
        : 0;

/** Judges whether a table may be the taps, and finds its two columns of users. */
const tappings = (relation: Relation, { tapsTable, tapsId1, tapsId2, tapsTime }: Given): Tapping[] => {
  if (tapsTime === undefined && !relation.columns.some(isTime)) return [];
  const ids = relation.columns.filter((column) => isUuid(column) && !column.is_unique);
  const ones = tapsId1 === undefined ? ids : decided(relation, tapsId1);
  const others = tapsId2 === undefined ? ids : decided(relation, tapsId2);
  const pairs = ones.flatMap((one, index) =>
    others.slice(ones === others ? index + 1 : 0).map((other): Tapping => {
      const named = isPairOfNames(one.name, other.name) || isPairOfNames(other.name, one.name);
      const keyed = one.refers_to !== null && one.refers_to === other.refers_to;
      const reasons = [
        ...(named ? [`${one.name} and ${other.name} are two of a kind`] : []),
        ...(keyed ? [`both refer to ${one.refers_to}`] : []),
      ];
      return {
        relation,
        one,
        other,
        score: (named ? 4 : 0) + (keyed ? 3 : 0) + tableScore(relation.table),
        why: `a time and two users a row: ${reasons.length > 0 ? reasons.join(', ') : `${one.name} and ${other.name} are uuids`}`,
      };
    }),
  );
  return best(
    pairs.filter(({ one, other, score }) => one !== other && (score > 0 || tapsTable !== undefined)),
  );
};

const pairReason = ({ one, other }: Tapping): string =>
  one.refers_to !== null && one.refers_to === other.refers_to
    ? `it refers to ${one.refers_to}, as does the other one`
    : 'one of the two users, by its name';

const nameOf = ({ columns }: Relation): { value: string; why: string } | undefined => {
  const whole = found(columns.filter(isText), [/^name$/i, /^(full|display)_?name$/i]);
  if (whole !== undefined) return { value: quoted(whole), why: 'a text, by its name' };
  const first = found(columns.filter(isText), [/^(first|given)_?name$/i]);
  const last = found(columns.filter(isText), [/^(last|family)_?name$|^surname$/i]);
  if (first !== undefined && last !== undefined)
    return {
      value: `concat_ws(' ', ${first.sql}, ${last.sql})`,
      why: 'first and last name, put together',
    };
  const short = first ?? found(columns.filter(isText), [/^user_?name$|^handle$|^nick_?name$/i]);
  return short === undefined ? undefined : { value: quoted(short), why: 'a text, by its name' };
};

/** Judges whether a table may be the users: it needs a name and a unique uuid, of which a view has none to show. */
const peopleOf = (relation: Relation, { one, other }: Tapping, given: Given) => {
  const id =
    given.usersId === undefined
      ? found(
          relation.columns,
          [/^id$/i, /^user_?id$/i, /id$/i],
          (column) => isUuid(column) && (column.is_unique || given.usersTable !== undefined),
        )
      : decided(relation, given.usersId)[0];
  const name = given.usersName === undefined ? nameOf(relation) : { value: given.usersName, why: '' };
  if (id === undefined || name === undefined) return [];
  const isReferred = one.refers_to === relation.name && other.refers_to === relation.name;
  const called = /^users?$/i.test(relation.table)
    ? 5
    : /user|member|person|people|profile|account|player/i.test(relation.table)
      ? 3
      : 0;
  if (!isReferred && called === 0 && given.usersTable === undefined) return [];
  const why = isReferred ? 'both users of a tap refer to it' : 'a unique uuid and a name, by its name';
  return [{ relation, id, name, score: called + (isReferred ? 6 : 0), why }];
};

// Without a backslash, which not everything that reads a settings file takes as it is.
const number = '[[:space:]]*-?[0-9]+([.][0-9]+)?[[:space:]]*';
const degrees = `'^${number},${number}$'`;

/** Coordinates: two numbers, a point, or a text `lat,lon`. A text of any other form counts as missing. */
const placeOf = (
  columns: readonly CatalogueColumn[],
): { latitude: string; longitude: string; why: string } | undefined => {
  const latitude = found(columns.filter(isNumber), [/^lat(itude)?$/i, /(^|_)lat(itude)?(_|$)/i]);
  const longitude = found(columns.filter(isNumber), [
    /^(lon|lng|long|longitude)$/i,
    /(^|_)(lon|lng|long|longitude)(_|$)/i,
  ]);
  if (latitude !== undefined && longitude !== undefined) {
    return { latitude: quoted(latitude), longitude: quoted(longitude), why: 'a number, by its name' };
  }
  const names = [/^(location|coordinates?|coords?|position|lat_?(lng|lon|long)|geo|place|point)$/i];
  const text = found(columns.filter(isText), names);
  if (text !== undefined) {
    const column = text.sql;
    const part = (index: number) =>
      `case when ${column} ~ ${degrees} then split_part(${column}, ',', ${index})::double precision end`;
    return {
      latitude: part(1),
      longitude: part(2),
      why: `${text.name} is taken for "latitude,longitude"; any other text counts as no place`,
    };
  }
  const point = found(
    columns.filter(({ type }) => type === 'point'),
    [/./],
  );
  if (point !== undefined) {
    const column = point.sql;
    return {
      latitude: `(${column})[1]`,
      longitude: `(${column})[0]`,
      why: `${point.name} is taken for (longitude, latitude)`,
    };
  }
  const shape = found(
    columns.filter(({ type }) => /geography|geometry/.test(type)),
    [/./],
  );
  if (shape !== undefined) {
    // Where the extension is, which a search path need not have.
    const schema = /^(.+\.)?geo/.exec(shape.type)?.[1] ?? '';
    const column = `${shape.sql}::${schema}geometry`;
    return {
      latitude: `${schema}st_y(${column})`,
      longitude: `${schema}st_x(${column})`,
      why: `${shape.name} is a point of PostGIS`,
    };
  }
  return undefined;
};

/** For a database in which no column is a uuid. */
const otherIds = `Where ids are no uuids, map them: ${sourceVariable('usersId')} and both of taps, whole numbers as "lpad(to_hex(user_id), 32, '0')::uuid", texts as "md5(user_id)::uuid".`;

const tapsUndecided = (taps: readonly Tapping[], given: Given): string => {
  const names = [...new Set(taps.map(({ relation }) => relation.name))];
  if (names.length === 1) {
    const pairs = taps.map(({ one, other }) => `${one.name} and ${other.name}`).join(', or ');
    return `${names[0]}: which two columns are the users of a tap? ${pairs}. Set ${sourceVariable('tapsId1')} and ${sourceVariable('tapsId2')}.`;
  }
  if (names.length > 1) {
    return `Each of ${names.join(', ')} may be the taps: set ${sourceVariable('tapsTable')} to the right one.`;
  }
  return given.tapsTable === undefined
    ? `No table looks like taps (two uuid columns of users and a time). Set ${sourceVariable('tapsTable')}; a view with these columns will do. ${otherIds}`
    : `${given.tapsTable} has no time and two uuid columns that look like users: set ${sourceVariable('tapsId1')}, ${sourceVariable('tapsId2')} and ${sourceVariable('tapsTime')}. ${otherIds}`;
};

const usersUndecided = (names: readonly string[], given: Given): string => {
  if (names.length > 1)
    return `Each of ${names.join(', ')} may be the users: set ${sourceVariable('usersTable')} to the right one.`;
  if (given.usersTable === undefined)
    return `No table looks like users (a unique uuid and a name). Set ${sourceVariable('usersTable')}, ${sourceVariable('usersId')} and ${sourceVariable('usersName')}. ${otherIds}`;
  const both = ['usersId', 'usersName'] as const;
  const unset = both.filter((key) => given[key] === undefined);
  const toSet = (unset.length === 0 ? both : unset).map(sourceVariable).join(' and ');
  const hint = given.usersId === undefined ? ` ${otherIds}` : '';
  return `${given.usersTable} has no uuid and name that look like those of users: set ${toSet}.${hint}`;
};
