import pg from 'pg';

/**
 * Opens a connection of its own, lends it and closes it, whatever happens; when the signal comes, in the middle of a
 * statement. Throws what the driver throws, and after a signal its reason.
 */
export const withClient = async <Result>(
  url: string,
  signal: AbortSignal | null,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = new pg.Client({ connectionString: url });
  // A connection that dies between two statements fails the next one; unheard, its 'error' would end the process.
  client.on('error', () => undefined);
  await client.connect();
  const giveUp = () => void client.end();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    return await use(client);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await client.end();
  }
};
