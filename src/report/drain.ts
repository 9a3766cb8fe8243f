import { once } from 'node:events';

/** Writes a line and waits for a slow reader, so that millions of lines need no memory. */
export const writeAndDrain = async (out: NodeJS.WritableStream, line: string): Promise<void> => {
  if (!out.write(line)) await once(out, 'drain');
};
