import { once } from 'node:events';

/**
 * Writes a line and waits for a slow reader, so that millions of lines need no memory. Not for one that is gone: what
 * that means is said in src/cli.ts.
 */
export const writeAndDrain = async (out: NodeJS.WritableStream, line: string): Promise<void> => {
  if (!out.write(line)) await once(out, 'drain').catch(() => undefined);
};
