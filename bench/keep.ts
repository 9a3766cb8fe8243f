import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a bench has measured, kept in a folder so that it goes on where it was stopped. */
export class Kept {
  private readonly values: Record<string, unknown>;
  private readonly file: string | null;

  /** Reads what the folder has. Throws where it was kept for something else: `about` says for what. */
  constructor(
    readonly directory: string | null,
    about: Readonly<Record<string, unknown>>,
  ) {
    this.file = directory === null ? null : join(directory, 'measured.json');
    if (directory !== null) mkdirSync(directory, { recursive: true });
    this.values =
      this.file !== null && existsSync(this.file)
        ? (JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, unknown>)
        : { about };
    if (JSON.stringify(this.values.about) !== JSON.stringify(about)) {
      throw new Error(
        `${this.file} is about ${JSON.stringify(this.values.about)}, not about ${JSON.stringify(about)}: give another folder to --keep.`,
      );
    }
  }

  get<T>(name: string): T | undefined {
    return this.values[name] as T | undefined;
  }

  /** Writes it down at once, whole: a bench that is killed leaves the file as it was before or after. */
  set(name: string, value: unknown): void {
    this.values[name] = value;
    if (this.file === null) return;
    writeFileSync(`${this.file}.new`, `${JSON.stringify(this.values, null, 1)}\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}
