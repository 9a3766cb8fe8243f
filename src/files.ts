import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package's own folder: sql/ and migrations/ stand beside dist/ (or src/, when run from source). */
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** Absolute path of a folder or file of the package, for example `sql/steps`. */
export const packagePath = (relative: string): string => `${packageFolder}${relative}`;

/** Text of a file of the package. Throws if it is not there: a packaging defect. */
export const readPackageFile = (relative: string): string => readFileSync(packagePath(relative), 'utf8');

/** The version in package.json. */
export const packageVersion = (): string =>
  (JSON.parse(readPackageFile('package.json')) as { version: string }).version;

/** Names of the .sql files of a folder of the package, sorted, with their extension. */
export const sqlFilesIn = (folder: string): string[] =>
  readdirSync(packagePath(folder))
    .filter((name) => name.endsWith('.sql'))
    .sort();

/** Paths in the package of the .sql files below one of its folders, sorted. */
export const sqlFilesBelow = (folder: string): string[] =>
  readdirSync(packagePath(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sql'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();

/** SHA-256 of a text, in hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
