import fc from 'fast-check';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { loadSteps } from '../../src/pipeline/order.js';
import { createDatabase } from '../server/database.js';
import { liveBesideFollower } from './follow.js';
import { mutations } from './mutations.js';
import { stories } from './story.js';
import { live, prepareTemplate } from './world.js';

// The short form of `npm run prove`, which takes as many seeds and operations as there is time for.

test('every mutation still changes its step', () => {
  // Each throws where its text is no longer in the SQL: it would prove nothing.
  for (const mutation of mutations) expect(() => mutation.apply(loadSteps())).not.toThrow();
});

test('random histories end as a rebuild would, and a mutation does not', { timeout: 600_000 }, async () => {
  const template = await createDatabase({ empty: true });
  await prepareTemplate(template.url);
  const name = new URL(template.url).pathname.slice(1);
  await template.client.end();
  const admin = new pg.Client({ connectionString: inject('serverUrl') });
  await admin.connect();
  const copied = async (use: (url: string) => Promise<void>) => {
    const copy = `${name}_story`;
    await admin.query(`create database ${copy} template ${name}`);
    const url = new URL(template.url);
    url.pathname = `/${copy}`;
    try {
      await use(url.href);
    } finally {
      await admin.query(`drop database ${copy} with (force)`);
    }
  };
  try {
    for (const seed of [11, 12]) {
      const [story] = fc.sample(stories(20), { seed, numRuns: 1 });
      if (story === undefined) throw new Error('fast-check made no story');
      await copied((url) => live(url, story));
    }
    // The proof itself has to be able to fail.
    const broken = mutations.find((mutation) => mutation.name === 'edge_strength: ties do not decay');
    const [story] = fc.sample(stories(20), { seed: 11, numRuns: 1 });
    if (broken === undefined || story === undefined) throw new Error('the mutation is gone');
    await expect(copied((url) => live(url, story, { steps: broken.apply(loadSteps()) }))).rejects.toThrow(
      /edge_strength: (missing|unexpected)/,
    );
    // Beside a follower, a process that is killed and started again; with a table that is not written as it is told,
    // too.
    const [beside] = fc.sample(stories(15), { seed: 13, numRuns: 1 });
    if (beside === undefined) throw new Error('fast-check made no story');
    await copied((url) => liveBesideFollower(url, beside));
    await expect(
      copied(async (url) => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        await client.query(`
          create function public.one_more() returns trigger language plpgsql as
            'begin new.tap_count := new.tap_count + 1; return new; end';
          create trigger one_more before insert on gamification.user_day_activity
            for each row execute function public.one_more()`);
        await client.end();
        await liveBesideFollower(url, beside);
      }),
    ).rejects.toThrow(/user_day_activity: (missing|unexpected)/);
  } finally {
    await admin.end();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
});
