import { type TestDatabase, withDatabase } from './database.js';

const utcDay = (): string => new Date().toISOString().slice(0, 10);

/**
 * A test whose outcome depends on which day it is, in UTC. What fails while midnight passes is tried once more, from
 * its beginning and on the new day: a run, and what is said of it later, may each ask for the day at their own moment.
 */
export const withinOneDay = (use: (today: string) => Promise<void>) => async (): Promise<void> => {
  const today = utcDay();
  try {
    await use(today);
  } catch (error) {
    if (utcDay() === today) throw error;
    await use(utcDay());
  }
};

/** The same with a database of its own, a new one each time. */
export const onOneDay = (use: (database: TestDatabase, today: string) => Promise<void>) =>
  withinOneDay((today) => withDatabase((database) => use(database, today))());
