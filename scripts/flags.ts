import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/**
 * The flags that a program of this repository was given. Its usage is the first comment of its file: `--help` tells it
 * and ends the process. A flag that it hasn't ends the process as `refuse` does.
 */
export const flagsOf = <const T extends Options>(file: string, options: T) => {
  try {
    const { values } = parseArgs<{ options: T & { help: { type: 'boolean' } } }>({
      options: { ...options, help: { type: 'boolean' } },
    });
    if (!('help' in values)) return values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}.`.replace(/\.\.$/, '.'));
  }
  const [, comment = ''] = readFileSync(new URL(file), 'utf8').match(/\/\*\*\n([\s\S]*?)\n \*\//) ?? [];
  process.stdout.write(`${comment.replaceAll(/^ \* ?/gm, '')}\n`);
  return process.exit(0);
};

/** Says in a sentence what of the command line can't be, and ends the process with 2. */
export const refuse = (sentence: string): never => {
  process.stderr.write(`${sentence} --help tells what there is.\n`);
  return process.exit(2);
};
