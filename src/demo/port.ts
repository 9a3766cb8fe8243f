import { once } from 'node:events';
import { createServer } from 'node:net';
import { workFailure } from '../errors.js';

/**
 * Throws a failure if the port is taken. Checked before the long computation, so that nobody waits for a page that then
 * can't be shown.
 */
export const requireFreePort = async (host: string, port: number): Promise<void> => {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'EADDRINUSE'
        ? `Port ${port} is taken`
        : code === 'EACCES'
          ? `Port ${port} is not for everybody to open`
          : `Port ${port} can't be opened (${code ?? String(cause)})`;
    throw workFailure(`${reason}. Choose another one with --port, or let --port 0 find a free one.`, {
      cause,
    });
  } finally {
    server.close();
  }
};
