import pg from 'pg';

/** Opens a connection of its own, lends it and closes it, whatever happens. Throws what the driver throws. */
export const withClient = async <Result>(
  url: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> => {
  const client = new pg.Client({ connectionString: url });
  // A connection that dies between two statements fails the next one; unheard, its 'error' would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};
