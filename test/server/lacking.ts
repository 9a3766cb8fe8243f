import { describe, test } from 'vitest';

/** `test`, or, where something is missing (a sentence without a full stop), a `test` that is skipped and says so. */
export const testUnless = (missing: string | null): typeof test =>
  missing === null ? test : skipping(test, missing);

/** `describe`, likewise. */
export const describeUnless = (missing: string | null): typeof describe =>
  missing === null ? describe : skipping(describe, missing);

const skipping = <Made extends typeof test | typeof describe>(made: Made, missing: string): Made =>
  ((name: string, ...rest: never[]) =>
    (made.skip as (...all: unknown[]) => unknown)(
      `${name} [skipped: ${missing}]`,
      ...rest,
    )) as unknown as Made;
