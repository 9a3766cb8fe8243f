import { addTap, addUsers, type TestDatabase } from '../server/database.js';

export const asOf = '2026-02-11';

/** A small community in which every figure occurs: two weeks, a streak, ties old and new, friends of friends. */
export const fillCommunity = async (database: TestDatabase): Promise<void> => {
  await addUsers(database, 1, 2, 3, 4, 5, 6);
  for (const [one, other, time] of [
    [1, 2, '2025-10-20T10:00Z'],
    [1, 2, '2026-02-02T10:00Z'],
    [2, 3, '2026-02-03T11:00Z'],
    [1, 2, '2026-02-03T12:00Z'],
    [3, 4, '2026-02-04T09:00Z'],
    [1, 4, '2026-02-04T20:00Z'],
    [4, 5, '2026-02-09T08:00Z'],
    [1, 2, '2026-02-10T08:00Z'],
    [5, 6, '2026-02-10T09:00Z'],
    [1, 5, '2026-02-11T09:00Z'],
    [1, 5, '2026-02-11T09:30Z'],
  ] as const) {
    await addTap(database, one, other, time);
  }
  await database.ok(['backfill', '--to', asOf]);
};

const figureTables = [
  'user_day_activity',
  'user_week_activity',
  'user_streaks',
  'edge_strength',
  'weekly_leaderboard',
  'pair_day',
  'pair',
  'activity_run',
  'second_degree',
  'friend_list',
];

const friendsSql = `jsonb_build_object(
  'u', (select user_id from user_key where user_key.user_key = figure.user_key),
  'friends', (
    select jsonb_agg(jsonb_build_array(friend_user.user_id, entry.first_day) order by friend_user.user_id)
    from friend_entry(figure.friends) as entry
    left join user_key as friend_user on friend_user.user_key = entry.friend_key
  ))`;

/** All figures as text, without private keys and times of writing. */
export const figuresOf = async (database: TestDatabase): Promise<string> => {
  const parts: string[] = [];
  for (const table of figureTables) {
    const isPrivate = ['pair_day', 'pair', 'activity_run', 'second_degree'].includes(table);
    const names =
      table === 'friend_list'
        ? friendsSql
        : isPrivate
          ? ['activity_run', 'second_degree'].includes(table)
            ? "to_jsonb(figure) - 'user_key' || jsonb_build_object('u', (select user_id from user_key where user_key.user_key = figure.user_key))"
            : `to_jsonb(figure) - 'u1_key' - 'u2_key' || jsonb_build_object(
             'u1', (select user_id from user_key where user_key = u1_key),
             'u2', (select user_id from user_key where user_key = u2_key))`
          : "to_jsonb(figure) - 'last_updated_at'";
    const rows = await database.rows<{ text: string }>(
      `select (${names})::text as text from ${table} as figure order by 1`,
    );
    parts.push(table, ...rows.map(({ text }) => text));
  }
  return parts.join('\n');
};
