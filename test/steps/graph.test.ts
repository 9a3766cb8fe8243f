import { describe, test } from 'vitest';
import { stepCases } from './given.js';

const step = stepCases();

// L is a day of the week of Monday 2026-02-09; the week before it begins on 2026-02-02.
const params = { as_of_day: '2026-02-11' };

/**
 * Numbers of the weeks of January 19, January 26, February 2 and February 9, for lists of them; never is later than
 * all.
 */
const [first, second, third, last] = [105662, 105663, 105664, 105665];
const never = 2_147_483_647;

/** Keys of as many users. */
const keysOf = (users: number) =>
  ['user_id user_key', ...Array.from({ length: users }, (_, index) => `u${index + 1} ${index + 1}`)].join(
    '\n',
  );

const someList = '\\x00000004000b491f';

describe('second_degree_event', () => {
  const given = {
    second_degree_focus: `
      user_key from_week
      1        2026-01-19`,
    // 1 has 2 as a friend, who has 3 and 4; 4 becomes a friend of 1 later.
    second_degree_list: `
      user_key friend_keys weeks                        old_weeks
      1        {2,4}       {${first},${last}}            {${never},${never}}
      2        {1,3,4}     {${first},${third},${second}} {${never},${never},${never}}
      4        {1,2}       {${last},${second}}           {${never},${never}}`,
  };
  const events = `
    user_key week       entered_count left_count
    1        2026-01-26 1             0
    1        2026-02-02 1             0
    1        2026-02-09 0             1`;

  test('a path is there from its later half on, and ends with a connection of the two themselves', () =>
    step('second_degree_event', {
      given,
      expected: { second_degree_event: events },
    }));

  test('who is no focus user is shifted by the paths that end at one', () =>
    step('second_degree_event', {
      // There are others who have connections.
      given: { ...given, friend_list: `user_key friends\n 1 ${someList}\n 2 ${someList}` },
      expected: {
        second_degree_event: `
          ${events}
          3        2026-02-02 1             0
          4        2026-01-26 1             0
          4        2026-02-09 0             1`,
      },
    }));

  test('also where as many are counted anew as have connections left: one of them has none', () =>
    step('second_degree_event', {
      given: {
        second_degree_focus: `
          user_key from_week
          1        2026-01-19
          2        2026-01-19`,
        // 1 and 2 are no friends any more, 3 stays one of 2.
        second_degree_list: `
          user_key friend_keys weeks               old_weeks
          1        {2}         {${never}}          {${first}}
          2        {1,3}       {${never},${second}} {${first},${second}}
          3        {2}         {${second}}         -`,
        friend_list: `user_key friends\n 2 ${someList}\n 3 ${someList}`,
      },
      expected: {
        second_degree_event: `
          user_key week       entered_count left_count
          3        2026-01-26 -1            0`,
      },
    }));
});

describe('second_degree_gain', () => {
  // 1 and 2 have just met; 2 has known 3 and 4, and 1 has known 4.
  const second_degree_list = `
    user_key friend_keys weeks               old_weeks              old_friend_keys
    1        {2,4}       {${last},${first}}   {${never},${first}}   {4}
    2        {1,3,4}     {${last},${first},${first}} {${never},${first},${first}} {3,4}
    3        {2}         {${first}}           -                     -
    4        {1,2}       {${first},${first}}  -                     -`;

  test('friends of a new friend come near, unless they are friends; the two themselves leave', () =>
    step('second_degree_gain', {
      params,
      given: {
        second_degree_added: `
          user_key friend_key
          1        2
          2        1`,
        second_degree_list,
      },
      expected: {
        second_degree_event: `
          user_key week       entered_count left_count
          1        2026-02-09 1             1
          2        2026-02-09 0             1
          3        2026-02-09 1             0`,
      },
    }));

  test('two who come near by two new halves do so once', () =>
    step('second_degree_gain', {
      params,
      given: {
        second_degree_added: `
          user_key friend_key
          1        2
          2        1
          2        3
          3        2`,
        second_degree_list: `
          user_key friend_keys weeks             old_weeks           old_friend_keys
          1        {2}         {${last}}         {${never}}          {}
          2        {1,3}       {${last},${last}} {${never},${never}} {}
          3        {2}         {${last}}         {${never}}          {}`,
      },
      expected: {
        second_degree_event: `
          user_key week       entered_count left_count
          1        2026-02-09 1             0
          3        2026-02-09 1             0`,
      },
    }));
});

describe('second_degree_list', () => {
  const lists = ['second_degree_needed', 'second_degree_walked', 'second_degree_list'];

  test.each([
    ['most', 9],
    ['a few', 30],
  ])('has the week of every connection of %s users and of their friends, now and before the batch', (_, users) =>
    step(lists, {
      given: {
        user_key: keysOf(users),
        second_degree_focus: 'user_key from_week\n 1 2026-01-19',
        changed_friend: `
          user_key friend_key old_week new_week
          1        2          -        2026-02-09
          2        1          -        2026-02-09`,
        friend: `
          user_key friend_key first_day
          1        2          2026-02-10
          2        1          2026-02-10
          3        4          2026-02-10`,
      },
      expected: {
        second_degree_list: `
          user_key friend_keys weeks     old_weeks  old_friend_keys
          1        {2}         {${last}} {${never}} {}
          2        {1}         {${last}} {${never}} {}`,
      },
    }));

  // The list of 3 says something else than the connections of 3, to tell which is read.
  const friendOfFocus = {
    second_degree_focus: 'user_key from_week\n 1 2026-01-19',
    changed_friend: `
      user_key friend_key old_week   new_week
      1        2          2026-01-26 -
      2        1          2026-01-26 -`,
    friend: `
      user_key friend_key first_day
      1        3          2026-02-03
      3        1          2026-02-03`,
    friend_list: `
      user_key friends
      1        \\x00000003000b4941
      3        \\x00000004000b491f`,
  };
  const changed = `
    user_key friend_keys weeks               old_weeks
    1        {3,2}       {${third},${never}} {${third},${second}}
    2        {1}         {${never}}          {${second}}`;

  test('takes those of which none changed from their lists', () =>
    step(lists, {
      given: friendOfFocus,
      expected: { second_degree_list: `${changed}\n 3 {4} {${first - 3}} -` },
    }));

  test('but not in a repair', () =>
    step(['second_degree_needed', 'second_degree_asked', 'second_degree_walked', 'second_degree_list'], {
      given: friendOfFocus,
      expected: { second_degree_list: `${changed}\n 3 {1} {${third}} {${third}}` },
    }));
});

describe('second_degree_focus', () => {
  test('both ends of a changed connection, and whoever has a week that is over and not stored; all from the earliest on', () =>
    step('second_degree_focus', {
      given: {
        changed_friend: `
          user_key friend_key old_week   new_week
          1        2          2026-01-26 2026-02-09
          2        1          2026-01-26 2026-02-09`,
        changed_user_day: `
          user_id day        was_active is_active
          u3      2026-02-03 f          t
          u4      2026-02-10 f          t`,
        second_degree: `
          user_key week       second_degree_count second_degree_new_count
          3        2026-02-09 4                   2
          4        2026-02-09 4                   2`,
      },
      expected: {
        second_degree_focus: `
          user_key from_week
          1        2026-01-26
          2        2026-01-26
          3        2026-01-26`,
      },
    }));
});

describe('second_degree_added', () => {
  const changed_friend = `
    user_key friend_key old_week new_week
    1        2          -        2026-02-09
    2        1          -        2026-02-09`;

  test('a batch that only adds connections in the week of L', () =>
    step('second_degree_added', {
      params,
      given: { changed_friend },
      expected: {
        second_degree_added: `
          user_key friend_key
          1        2
          2        1`,
      },
    }));

  test('is empty as soon as one of them was made in an earlier week, or something is repaired', async () => {
    await step('second_degree_added', {
      params,
      given: { changed_friend: `${changed_friend}\n 3 4 - 2026-02-02\n 4 3 - 2026-02-02` },
      expected: { second_degree_added: 'user_key friend_key' },
    });
    await step('second_degree_added', {
      params,
      given: { changed_friend, second_degree_suspect: 'user_key from_week\n 5 2026-02-02' },
      expected: { second_degree_added: 'user_key friend_key' },
    });
  });
});

describe('changed_friend', () => {
  test('a connection that moves within its week changes no distance', () =>
    step('changed_friend', {
      given: {
        changed_pair: `
          u1_key u2_key old_first_day new_first_day
          1      2      2026-02-02    2026-02-08
          1      3      2026-02-08    2026-02-09
          2      3      2026-02-04    -`,
      },
      expected: {
        changed_friend: `
          user_key friend_key old_week   new_week
          1        3          2026-02-02 2026-02-09
          3        1          2026-02-02 2026-02-09
          2        3          2026-02-02 -
          3        2          2026-02-02 -`,
      },
    }));
});

describe('second_degree', () => {
  test('counts from nothing for a focus user, shifts the others, and begins a week with nobody new', () =>
    step('second_degree', {
      params,
      given: {
        second_degree_focus: `
          user_key from_week
          1        2026-01-26
          5        2026-01-26`,
        second_degree_event: `
          user_key week       entered_count left_count
          1        2026-02-02 3             0
          1        2026-02-09 2             1
          2        2026-02-09 1             0
          3        2026-02-09 1             0`,
        friend: `
          user_key friend_key first_day
          1        2          2026-02-02`,
        second_degree: `
          user_key week       second_degree_count second_degree_new_count
          1        2026-02-02 9                   9
          2        2026-02-02 4                   2
          3        2026-02-09 4                   2
          4        2026-02-09 7                   7
          5        2026-02-09 1                   1`,
      },
      expected: {
        second_degree: `
          user_key week       second_degree_count second_degree_new_count
          1        2026-02-09 4                   2
          2        2026-02-09 5                   1
          3        2026-02-09 5                   3
          4        2026-02-09 7                   7`,
      },
    }));
});

describe('friend_list', () => {
  // Each partner in eight bytes: the key, and the days from 0001-01-01 to the first tap.
  test.each([
    ['most', 9],
    ['a few', 60],
  ])('in the order of their keys, of %s users of whom a connection changed; who has none left has no list', (_, users) =>
    step('friend_list', {
      given: {
        user_key: keysOf(users),
        changed_pair: `
          u1_key u2_key
          1      2
          3      5`,
        friend: `
          user_key friend_key first_day
          1        4          2025-12-31
          1        2          2026-02-03
          1        16909060   2026-02-03
          2        1          2026-02-03
          4        1          2025-12-31`,
        friend_list: `
          user_key friends
          1        \\x00000004000b491f
          3        \\x00000005000b4920
          4        \\x00000001000b4920`,
      },
      expected: {
        friend_list: `
          user_key friends                              friend_keys weeks
          1        \\x00000002000b494100000004000b491f01020304000b4941 {2,4,16909060} {${third},${first - 3},${third}}
          2        \\x00000001000b4941                 {1}         {${third}}
          4        \\x00000001000b4920                 {1}         {${first - 3}}`,
      },
    }));
});
