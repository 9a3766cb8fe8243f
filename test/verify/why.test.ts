import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonLines } from '../command/cli.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await addUsers(database, 1, 2, 3, 8, 9);
  // More than 90 days ago, and not since.
  for (const day of ['10', '11', '20']) await addTap(database, 8, 9, `2025-10-${day}T10:00Z`);
  await addTap(database, 1, 2, '2026-02-03T10:00Z');
  await addTap(database, 2, 1, '2026-02-04T10:00Z');
  await addTap(database, 2, 3, '2026-02-04T11:00Z');
  await database.ok(['backfill', '--to', '2026-02-04']);
});
afterAll(() => database.drop());

interface Answer {
  lines: string[];
  figures: { name: string; computed: string | null; stored: string | null }[];
  isEqual: boolean;
}

const why = async (...args: string[]) => {
  const { code, stdout, stderr } = await database.cli(['why', ...args, '--json']);
  const [answer] = jsonLines(stdout) as unknown as Answer[];
  return { code, stderr, words: answer?.lines.join('\n') ?? '', ...answer };
};

const one = ['--user', userId(1)];

test('a streak is told by its days', async () => {
  const { code, words, figures } = await why('streak', ...one);
  expect(code).toBe(0);
  expect(words).toContain('from 2026-02-03 to 2026-02-04: 2 days');
  expect(words).toContain('So the streak is 2.');
  expect(figures?.[0]).toEqual({ name: 'current_streak_days', computed: '2', stored: '2' });
});

test('a streak that is over is told by the day that was missed, and by the run that was longer', async () => {
  const { code, words } = await why('streak', '--user', userId(8));
  expect(code).toBe(0);
  expect(words).toContain('from 2025-10-20 to 2025-10-20: 1 day.');
  expect(words).toContain('It is broken: 2025-10-21 had no tap');
  expect(words).toContain('So the streak is 0.');
  expect(words).toContain('The longest run was 2025-10-10 to 2025-10-11: 2 days.');
});

test('it says the rule in the words of the Community page', async () => {
  const { sentencesOf } = (await import(new URL('../../page/why.js', import.meta.url).href)) as {
    sentencesOf: () => Record<string, string>;
  };
  const sentences = sentencesOf();
  for (const [kind, topic] of [
    ['streak', 'streak'],
    ['rank', 'leaderboard'],
    ['week', 'second_degree'],
    ['quest', 'quests'],
  ] as const) {
    const { code, stdout } = await database.cli(['why', kind, ...one]);
    expect(code).toBe(0);
    expect(sentences[topic]).toMatch(/\w{3}/);
    expect(stdout).toContain(`The Community page says: ${sentences[topic]}`);
  }
});

test('an edge shows its arithmetic, whichever of the two is asked about', async () => {
  for (const [user, other] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const { code, words } = await why('edge', '--user', userId(user), '--other', userId(other));
    expect(code).toBe(0);
    expect(words).toContain('0.6 * ln(1 + 2) = 0.659167');
    expect(words).toContain('0.659167 + 0.400000 = 1.059167');
  }
});

test('without a tap on the last 90 days there is no edge, and none is stored', async () => {
  const told = await why('edge', '--user', userId(8), '--other', userId(9));
  expect(told).toMatchObject({ code: 0, isEqual: true });
  expect(told.words).toMatch(/tapped 3 times in all, 0 times on the 90 days .*\nWithout a tap .* no tie\.$/);
});

test('a day, a week and a rank agree with what is stored', async () => {
  const day = await why('day', ...one, '--date', '2026-02-03');
  expect(day).toMatchObject({ code: 0, isEqual: true });
  expect(day.words).toContain('Met for the first time ever: User 2.');
  const week = await why('week', ...one);
  expect(week).toMatchObject({ code: 0, isEqual: true });
  expect(week.words).toContain('User 3, through User 2, since 2026-02-04');
  const rank = await why('rank', ...one);
  expect(rank).toMatchObject({ code: 0, isEqual: true });
  expect(rank.words).toContain('connectors: 1 partner met for the first time ever; 1 user has more: rank 2.');
});

test('sentences are sentences: whoever has a full stop in the name, and whatever there is none or one of', async () => {
  const told = await createDatabase();
  try {
    await addUsers(told, 1, 2, 3);
    await told.client.query("update public.users set name = 'Yusuf D.' where id = $1", [userId(2)]);
    await addTap(told, 1, 2, '2026-02-03T10:00Z');
    await addTap(told, 1, 2, '2026-02-10T10:00Z');
    await told.ok(['backfill', '--to', '2026-02-10']);
    await told.client.query('update quest_definitions set is_active = false');
    const say = async (number: string, date: string) =>
      (await told.ok(['why', number, ...one, '--date', date])).stdout;
    expect(await say('day', '2026-02-03')).toContain('Met for the first time ever: Yusuf D.\n');
    expect(await say('day', '2026-02-04')).not.toContain('partners');
    expect(await say('week', '2026-02-03')).toContain('Met for the first time ever: Yusuf D.\n');
    expect(await say('week', '2026-02-03')).toContain('neither friends nor the user: 0.\n');
    const rank = await say('rank', '2026-02-03');
    expect(rank).toContain('connectors: 1 partner met for the first time ever; nobody has more');
    expect(rank).toContain('builders: 0 new friends of friends: no rank.');
    expect(rank).toContain('streak: 1 day, the longest');
    expect(await say('quest', '2026-02-03')).toContain(
      'No quest is active in the week from Monday 2026-02-02',
    );
    await addTap(told, 2, 3, '2026-02-03T10:00Z');
    await told.ok(['etl', '--date', '2026-02-10']);
    expect(await say('week', '2026-02-10')).toContain(
      'the user: 1. None of them came within reach since 2026-02-09.\n',
    );
  } finally {
    await told.drop();
  }
});

test('a stored value that differs is said, with exit code 3', async () => {
  await database.client.query('update user_streaks set longest_streak_days = 9 where user_id = $1', [
    userId(1),
  ]);
  const result = await database.cli(['why', 'streak', ...one]);
  expect(result.code).toBe(3);
  expect(result.stdout).toContain('longest_streak_days is stored as 9, the source says 2');
  expect(result.stdout).toContain(`arc-gam verify --user ${userId(1)} --repair`);
  await database.client.query('update user_streaks set longest_streak_days = 2 where user_id = $1', [
    userId(1),
  ]);
  // A place depends on the others, whose figures nobody has recomputed here; the own figures are from the source.
  const place = (set: string) =>
    database.client.query(`update weekly_leaderboard set ${set} where user_id = $1`, [userId(1)]);
  await place('connectors_rank = connectors_rank + 5, new_first_degree = new_first_degree + 1');
  const rank = await database.cli(['why', 'rank', ...one]);
  expect(rank.code).toBe(3);
  expect(rank.stdout).toContain('new_first_degree is stored as 2, the source says 1');
  expect(rank.stdout).toMatch(
    /connectors_rank is stored as 7, by the figures of the others as stored it is \d/,
  );
  await place('connectors_rank = connectors_rank - 5, new_first_degree = new_first_degree - 1');
});

test('a wrong question is exit code 2', async () => {
  expect((await database.cli(['why', 'streak'])).code).toBe(2);
  expect((await database.cli(['why', 'mood', ...one])).code).toBe(2);
  expect((await database.cli(['why', 'edge', ...one])).code).toBe(2);
  const alone = await database.cli(['why', 'edge', ...one, '--other', userId(1)]);
  expect(alone.code).toBe(2);
  expect(alone.stderr).toContain('the same one');
  const tomorrow = await database.cli(['why', 'day', ...one, '--date', '2026-02-05']);
  expect([tomorrow.code, tomorrow.stderr]).toEqual([2, expect.stringContaining('that day is not processed')]);
  for (const kind of ['week', 'rank', 'quest']) {
    const later = await database.cli(['why', kind, ...one, '--date', '2026-02-09']);
    expect([later.code, later.stderr]).toEqual([
      2,
      expect.stringContaining('no day of that week is processed'),
    ]);
    // Its week has begun.
    expect((await database.cli(['why', kind, ...one, '--date', '2026-02-08'])).code).toBe(0);
  }
  const stranger = await database.cli(['why', 'day', '--user', userId(77)]);
  expect(stranger.code).toBe(2);
  expect(stranger.stderr).toContain('There is no user');
});

test('quests are told by what counted, metric by metric, and agree with what is stored', async () => {
  await database.client.query(
    `insert into quest_definitions (slug, title, quest_type, requirements)
     select format('q%s', number), 'Q', 'community', jsonb_build_object('metric', metric, 'target', 2, 'window', span)
     from unnest(
       array['taps', 'taps', 'active_days', 'streak_days', 'reconnections', 'new_areas', 'assists', 'new_people'],
       array['week', 'day', 'week', 'day', 'week', 'week', 'week', 'weekend']
     ) with ordinality as given (metric, span, number)`,
  );
  await addUsers(database, 4);
  for (const [first, second, time] of [
    [1, 3, '2025-12-01T10:00Z'],
    [1, 4, '2025-12-01T10:00Z'],
    [1, 3, '2026-02-05T10:00Z'],
    [1, 4, '2026-02-05T11:00Z'],
    [3, 4, '2026-02-07T11:00Z'],
    [1, 4, '2026-02-08T11:00Z'],
  ] as const)
    await addTap(database, first, second, time);
  await database.client.query(
    "insert into taps (id1, id2, time, latitude, longitude) values ($1, $2, '2026-02-08T12:00Z', 40.75, -73.99)",
    [userId(1), userId(2)],
  );
  await database.ok(['etl', '--date', '2026-02-08']);
  for (const user of [1, 2, 3, 4]) {
    const told = await why('quest', '--user', userId(user));
    expect(told.figures?.filter(({ computed, stored }) => computed !== stored)).toEqual([]);
    expect(told.code).toBe(0);
  }
  const { words, figures } = await why('quest', ...one);
  expect(words).toContain('with User 3 again after 66 days');
  expect(words).toContain('User 3 met User 4');
  expect(words).toContain('in area dr5ru');
  expect(words).toContain(
    'Q (q1): taps 6 of 2: least(100, floor(100 * 6 / 2)) = 100 %, completed 2026-02-04 10:00:00.',
  );
  expect(figures).toContainEqual({ name: 'q5 count', computed: '2', stored: '2' });
  await database.client.query(
    `update user_quest_progress set progress = jsonb_set(progress, '{count}', '9')
     where user_id = $1 and quest_id = (select quest_id from quest_definitions where slug = 'q5')`,
    [userId(1)],
  );
  const spoilt = await why('quest', ...one);
  expect(spoilt.code).toBe(3);
  expect(spoilt.figures).toContainEqual({ name: 'q5 count', computed: '2', stored: '9' });
});
