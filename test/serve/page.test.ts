/// <reference lib="dom" />
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';
import { browserPath, startBrowser } from './browser.js';
import {
  changeAnswers,
  clippedTexts,
  type OpenPage,
  openPage,
  overflow,
  untilDrawn,
  violations,
} from './page.js';
import { startTestServer, type TestServer } from './serve.js';

const now = '2026-03-05T12:30:00Z';
const today = '2026-03-05';
const longName = 'Xyzzyplughfrotzgnustoabracadabra';
const turnedName = '\u202eevil\u202e right';

/** What an answer may carry besides; the panels that need it are left out where it is missing. */
const moreAnswers = {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the answers have
  weekly: (answer: any) => {
    const days = Array.from({ length: 120 }, (_, index) => ({
      day: new Date(Date.parse('2025-11-04') + index * 86_400_000).toISOString().slice(0, 10),
      taps: 1 + (index % 6),
    })).filter((_, index) => index % 5 !== 0);
    answer.momentum.calendar = { start: '2025-02-28', end: today, days };
    answer.meta.watermark.known_until = '2026-03-05T00:00:00Z';
    answer.leaderboard.me.new_connections.rank_last_week =
      (answer.leaderboard.me.new_connections.rank ?? 0) + 4;
    answer.leaderboard.me.community_builders.rank_last_week = null;
    answer.leaderboard.me.streak_masters.rank_last_week = 1;
  },
  // biome-ignore lint/suspicious/noExplicitAny: whatever the answers have
  quests: (answer: any) => {
    for (const quest of answer.quests) quest.ends_at = '2026-03-09T00:00:00Z';
    answer.meta.why = { quests: 'A sentence of the server.' };
  },
  // biome-ignore lint/suspicious/noExplicitAny: whatever the answers have
  health: (answer: any) => {
    answer.cooling = [
      {
        other_user_id: userId(40),
        name: 'Cool Person',
        usual_gap_days: 4,
        days_since_last_tap: 11,
        days_left: 3,
      },
    ];
  },
};

const withBrowser = describeUnless(
  browserPath === undefined ? 'there is no Chromium (set CHROMIUM_PATH)' : null,
);

withBrowser('the Community page', () => {
  let database: TestDatabase;
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    database = await createDatabase();
    await addUsers(database, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    for (const [name, number] of [
      ['<img src=x onerror="document.title=1">', 2],
      [longName, 4],
      [turnedName, 5],
    ] as const) {
      await database.client.query('update public.users set name = $1 where id = $2', [name, userId(number)]);
    }
    for (const day of ['2026-01-01', '2026-01-03', '2026-01-05']) {
      await addTap(database, 1, 3, `${day}T10:00Z`);
      await addTap(database, 8, 9, `${day}T10:00Z`);
    }
    for (const [one, other] of [
      [1, 2],
      [2, 4],
      [3, 4],
      [5, 6],
      [2, 5],
    ] as const) {
      await addTap(database, one, other, '2026-03-03T10:00Z');
    }
    await addTap(database, 1, 2, '2026-03-04T10:00Z');
    // In Tokyo it is the next day.
    await addTap(database, 5, 6, '2026-03-04T16:00Z');
    await database.ok(['etl', '--date', '2026-03-04']);
    await addTap(database, 1, 2, '2026-03-05T12:05Z');
    server = await startTestServer(database.url, {}, now);
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await database?.drop();
  });

  const open = (
    user: number,
    options: BrowserContextOptions = {},
    {
      query = '',
      changes = {},
      prepare,
      at = server,
    }: {
      query?: string;
      changes?: Parameters<typeof changeAnswers>[1];
      prepare?: (page: Page) => Promise<unknown>;
      at?: TestServer;
    } = {},
  ): Promise<OpenPage> =>
    openPage(browser, `${at.url}/?user_id=${userId(user)}${query}`, options, async (page) => {
      if (Object.keys(changes).length > 0) await changeAnswers(page, changes);
      await prepare?.(page);
    });

  /** At another moment of the server, and with other answers. */
  const openAt = async (
    moment: string,
    user: number,
    changes: Parameters<typeof changeAnswers>[1] = {},
    options: BrowserContextOptions = {},
  ): Promise<OpenPage> => {
    const at = await startTestServer(database.url, {}, moment);
    const opened = await open(user, options, { at, changes });
    return {
      ...opened,
      close: async () => {
        await opened.close();
        await at.stop();
      },
    };
  };

  const sizes = [320, 390, 768, 1280, 1920];
  const looks = {
    light: { colorScheme: 'light', forcedColors: 'none', reducedMotion: 'no-preference' },
    dark: { colorScheme: 'dark', forcedColors: 'none', reducedMotion: 'reduce' },
    'forced colours': { colorScheme: 'dark', forcedColors: 'active', reducedMotion: 'reduce' },
  } as const;

  test.each(
    [
      ['a busy', 1],
      ['a quiet', 8],
      ['a new', 7],
    ].flatMap(([kind, user]) => sizes.map((width) => [kind, width, Number(user)] as const)),
  )('%s user, %i px: accessible in every look, nothing sticks out, nothing jumps', async (_, width, user) => {
    const { page, complaints, shift, close } = await open(
      user,
      { viewport: { width, height: 800 } },
      { changes: user === 7 ? {} : moreAnswers },
    );
    expect(await shift()).toBeLessThan(0.05);
    expect(await overflow(page)).toBe(0);
    expect(await clippedTexts(page)).toEqual([]);
    for (const [look, media] of Object.entries(looks)) {
      await page.emulateMedia(media);
      expect([look, ...(await violations(page))]).toEqual([look]);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  test('the first screen says how the week is and what to do now', async () => {
    const { page, text, close } = await open(1, {}, { changes: moreAnswers });
    expect(await text('title')).toBe('The week of User 1');
    const week = await text('week');
    expect(week).toContain('23 more taps to this week’s goal, in 4 days.');
    expect(week).toContain('2 days in a row');
    expect(week).toContain('+1 tap not counted yet');
    expect(week).toMatch(/#\d+ Connectors \d new (person|people) ▲ up 4/);
    const todo = await text('todo');
    expect(todo).toMatch(/Cool Person again usually every 4 days; last tap 12 days ago\. fades in 3 days/);
    expect(todo).toMatch(/User 3 again usually every 2 days; last tap 59 days ago\. 31 days left/);
    expect(todo).toContain('3 days 11 h left');
    const bottom = await page.locator('#todo').evaluate((one) => one.getBoundingClientRect().bottom);
    expect(bottom).toBeLessThan(900);
    await close();
  });

  test('what a server does not say is left out, and the rest is there', async () => {
    const { page, text, complaints, close } = await open(
      1,
      {},
      {
        changes: {
          weekly: (answer) => {
            delete answer.momentum.calendar;
            delete answer.meta.watermark.known_until;
            for (const row of Object.values<Record<string, unknown>>(answer.leaderboard.me)) {
              delete row.rank_last_week;
            }
          },
          quests: (answer) => {
            for (const quest of answer.quests) delete quest.ends_at;
          },
          health: (answer) => {
            delete answer.cooling;
            delete answer.attention;
          },
        },
      },
    );
    expect(complaints).toEqual([]);
    expect(await page.locator('.moved').count()).toBe(0);
    expect(await page.locator('#calendar').isVisible()).toBe(false);
    expect(await text('recap')).toContain('You met');
    expect(await text('recommendations')).toContain('2 mutual connections');
    expect(await page.locator('#activity .bar-shape').count()).toBe(6);
    expect(await page.locator('#activity .uncounted').count()).toBe(1);
    await close();
  });

  test('the last tap is counted from today, not from the as-of day', async () => {
    const { text, close } = await open(4);
    expect(await text('health')).toContain('last tap 2 days ago');
    await close();
    const met = await open(1);
    // The tap of today is not counted yet, but the radar knows whom it was with.
    expect(await met.text('health')).toMatch(/last tap today/);
    await met.close();
  });

  test('of a running day what came after the last run is said to be not counted yet', async () => {
    const { text, close } = await open(
      1,
      {},
      {
        changes: {
          weekly: (answer) => {
            answer.meta.watermark = {
              as_of_day: today,
              computed_at: '2026-03-05T12:00:00Z',
              known_until: now,
            };
            answer.week.counted_until = now;
          },
        },
      },
    );
    expect(await text('as-of')).toBe('Counted to 12:00 today');
    expect(await text('week')).toContain('+1 tap not counted yet');
    expect(await text('recap')).toContain('1 tap since Thu 12:00 is not counted yet.');
    await close();
  });

  test('a streak at risk comes first, with the hours that are left', async () => {
    const { text, close } = await open(
      1,
      {},
      {
        changes: {
          radar: (answer) => {
            answer.buckets = answer.buckets.map((bucket: object) => ({
              ...bucket,
              activity_count: 0,
              participants: [],
            }));
          },
        },
      },
    );
    expect(await text('week')).toContain('Tap somebody before midnight to keep it: 11 h left.');
    expect(await text('todo')).toMatch(/^What to do now ● Keep your streak of 2 days/);
    await close();
  });

  test('a streak that nobody can keep any more is over, though it was alive on the as-of day', async () => {
    const { text, close } = await open(
      4,
      {},
      {
        changes: {
          weekly: (answer) => {
            answer.momentum.current_streak_days = 1;
          },
        },
      },
    );
    expect(await text('week')).toContain('0 days in a row A tap today begins a streak.');
    expect(await text('todo')).not.toContain('Keep your streak');
    await close();
  });

  test('the day after the as-of day is not taken for one without taps because it is over', async () => {
    const tomorrow = await openAt('2026-03-06T01:00:00Z', 1);
    expect(await tomorrow.text('as-of')).toBe('Counted to 4 Mar 2026');
    expect(await tomorrow.text('week')).toContain('Tap somebody before midnight to keep it: 23 h left.');
    expect(await tomorrow.text('week')).toContain('+1 tap not counted yet');
    // Whom one met on the day that is not counted yet is not fading.
    expect(await tomorrow.text('health')).toContain('last tap yesterday');
    await tomorrow.close();
    const begun = await openAt('2026-03-06T01:00:00Z', 1, {
      weekly: (answer) => {
        answer.momentum.current_streak_days = 0;
      },
      health: (answer) => {
        answer.cooling = [
          {
            other_user_id: userId(2),
            name: 'User 2',
            usual_gap_days: 4,
            days_since_last_tap: 14,
            days_left: 0,
          },
        ];
      },
    });
    expect(await begun.text('week')).toContain(
      '0 days in a row Yesterday’s tap begins a streak as soon as it is counted, and a tap today goes on with it.',
    );
    expect(await begun.text('todo')).not.toContain('User 2 again');
    await begun.close();
    // Of the days between nothing is known: no promise is made.
    const behind = await openAt('2026-03-06T01:00:00Z', 1, {
      weekly: (answer) => {
        answer.meta.watermark.as_of_day = '2026-03-03';
      },
    });
    expect(await behind.text('week')).toContain('2 days in a row A tap a day keeps it alive.');
    expect(await behind.text('todo')).not.toContain('Keep your streak');
    await behind.close();
    const without = await openAt('2026-03-06T01:00:00Z', 6);
    expect(await without.text('week')).toContain('0 days in a row');
    await without.close();
  });

  test('what is known of today does not depend on what the radar shows', async () => {
    const { text, close } = await open(1, {}, { query: '&city=Austin, TX, US' });
    expect(await text('radar')).toContain('No tap of yours in Austin');
    expect(await text('week')).toContain('You tapped today, so it goes on.');
    expect(await text('week')).toContain('+1 tap not counted yet');
    await close();
    const { text: textOf, close: end } = await open(
      1,
      {},
      { prepare: (page) => page.route('**/radar?*', (route) => route.fulfill({ status: 503, json: {} })) },
    );
    expect(await textOf('week')).toContain('A tap a day keeps it alive.');
    expect(await textOf('todo')).not.toContain('Keep your streak');
    await end();
  });

  test('in a zone that is ahead, what the own figures do not have yet is waited for', async () => {
    const { text, close } = await open(5, { timezoneId: 'Asia/Tokyo' });
    expect(await text('as-of')).toBe('Counted to 4 Mar 2026');
    expect(await text('week')).toContain('+1 tap not counted yet');
    await close();
    // Its days that are counted end before noon of UTC.
    const farthest = await open(8, { timezoneId: 'Pacific/Kiritimati' });
    const day = farthest.page.locator('#calendar .drawing [data-text^="Wed, 4 Mar"]');
    expect(await day.getAttribute('data-text')).toBe('Wed, 4 Mar 2026: no tap');
    await farthest.close();
  });

  // biome-ignore lint/suspicious/noExplicitAny: whatever the answers have
  const countedTo = (day: string, until: string) => (answer: any) => {
    answer.meta.watermark = { as_of_day: day, computed_at: until, known_until: until };
    answer.week.counted_until = until;
  };

  test('on Monday the figures of last week are last week’s', async () => {
    const monday = await openAt('2026-03-09T12:30:00Z', 1, {
      weekly: countedTo('2026-03-08', '2026-03-09T00:00:00Z'),
      quests: (answer) => {
        for (const quest of answer.quests) delete quest.ends_at;
      },
    });
    expect(await monday.text('subtitle')).toBe('Monday, 9 March 2026. Week 11 ends in 6 days.');
    const week = await monday.text('week');
    expect(week).toContain('25 more taps to this week’s goal, in 7 days. Last week: 2 of 25 taps.');
    expect(week).toContain('Your places last week:');
    // How they moved would be since the week before.
    expect(await monday.page.locator('.moved').count()).toBe(0);
    expect(await monday.text('boards')).toContain('Last week, among everybody.');
    expect(await monday.text('quests')).toMatch(/\d of \d quests done last week\./);
    expect(await monday.text('recap')).toContain('friends of friends, last week');
    expect(await monday.text('todo')).not.toContain('to go');
    await monday.close();
  });

  test('on a Sunday whose Monday is counted elsewhere, they are of next week', async () => {
    const sunday = await openAt(
      '2026-03-09T03:00:00Z',
      1,
      { weekly: countedTo('2026-03-09', '2026-03-09T03:00:00Z') },
      { timezoneId: 'America/Los_Angeles' },
    );
    expect(await sunday.text('subtitle')).toBe('Sunday, 8 March 2026. Week 10 ends tonight.');
    expect(await sunday.text('week')).toMatch(/to next week’s goal, in 8 days/);
    expect(await sunday.text('boards')).toContain('Next week, among everybody.');
    await sunday.close();
  });

  test('a tie that fades on the day after the as-of day fades today', async () => {
    const { text, close } = await open(
      1,
      {},
      {
        changes: {
          health: (answer) => {
            const tie = { other_user_id: userId(40), name: 'Cool', usual_gap_days: 4 };
            answer.cooling = [
              { ...tie, days_since_last_tap: 14, days_left: 0 },
              { ...tie, other_user_id: userId(41), name: 'Cooler', days_since_last_tap: 13, days_left: 1 },
            ];
          },
        },
      },
    );
    const shown = await text('health');
    expect(shown).toContain('Cool usually every 4 days; last tap 15 days ago fades today');
    expect(shown).toContain('Cooler usually every 4 days; last tap 14 days ago fades tomorrow');
    await close();
  });

  test('a tie that was to fade on a day between the as-of day and today has faded', async () => {
    const { text, close } = await open(
      1,
      {},
      {
        changes: {
          health: (answer) => {
            const tie = { usual_gap_days: 4, days_since_last_tap: 14 };
            answer.as_of = '2026-03-02';
            answer.cooling = [
              { ...tie, other_user_id: userId(40), name: 'Cool', days_left: 1 },
              { ...tie, other_user_id: userId(41), name: 'Cooler', days_left: 2 },
            ];
          },
        },
      },
    );
    const shown = await text('health');
    expect(shown).toContain('Cool usually every 4 days; last tap 17 days ago 73 days left');
    expect(shown).not.toContain('Cool usually every 4 days; last tap 17 days ago fades');
    expect(shown).toContain('Cooler usually every 4 days; last tap 17 days ago fades today');
    await close();
  });

  test('a quest of one day asks for its target, not for what is missing from the best day', async () => {
    const { text, close } = await open(5);
    expect(await text('todo')).toContain('3 new people in a day Your best day so far: 2.');
    await close();
  });

  test('a quest that is over is nothing to do', async () => {
    for (const [ends, isOpen] of [
      ['2026-03-09T00:00:00Z', true],
      [now, false],
    ] as const) {
      const { text, close } = await open(
        1,
        {},
        {
          changes: {
            quests: (answer) => {
              for (const quest of answer.quests) quest.ends_at = ends;
            },
          },
        },
      );
      expect((await text('todo')).includes('to go'), ends).toBe(isOpen);
      await close();
    }
  });

  test('a quest without an end that is nearly done says so', async () => {
    const shown: string[] = [];
    for (const status of ['nearly_done', 'active']) {
      const { text, close } = await open(
        1,
        {},
        {
          changes: {
            quests: (answer) => {
              for (const quest of answer.quests) Object.assign(quest, { status, ends_at: null });
            },
          },
        },
      );
      shown.push(await text('quests'));
      await close();
    }
    expect(shown).toEqual([
      expect.stringContaining('Nearly there'),
      expect.not.stringContaining('Nearly there'),
    ]);
  });

  test('whom one has just met for the first time is not to be met', async () => {
    const { text, close } = await open(
      1,
      {},
      {
        changes: {
          weekly: (answer) => {
            const [first] = answer.recommendations;
            answer.recommendations = [
              { ...first, user_id: userId(2), name: 'Met Lately' },
              { ...first, user_id: userId(9), name: 'Not Met' },
            ];
          },
        },
      },
    );
    expect(await text('todo')).toContain('Meet Not Met');
    expect(await text('todo')).not.toContain('Met Lately');
    await close();
  });

  test('two surges of one name and hour stay two when the page is drawn again', async () => {
    const { page, close } = await open(
      1,
      {},
      {
        changes: {
          radar: (answer) => {
            const surge = { area_name: 'Austin', start_time: now, end_time: now, unique_users: 5 };
            answer.surges = [3.5, 2.5].map((surge_multiplier) => ({ ...surge, surge_multiplier }));
          },
        },
      },
    );
    const rows = page.locator('#radar li', { hasText: 'Austin' });
    expect(await rows.allInnerTexts()).toHaveLength(2);
    await page.locator('#tab-streak_masters').click();
    expect((await rows.allInnerTexts()).map((text) => /×.*/.exec(text)?.[0])).toEqual(['×3.5', '×2.5']);
    await close();
  });

  test('a browser in a zone that the server does not know is answered in the stored one', async () => {
    const { page, text, close } = await open(
      1,
      {},
      {
        prepare: (one) =>
          one.addInitScript(() => {
            const { resolvedOptions } = Intl.DateTimeFormat.prototype;
            Intl.DateTimeFormat.prototype.resolvedOptions = function () {
              return { ...resolvedOptions.call(this), timeZone: 'Etc/Unknown' };
            };
          }),
      },
    );
    expect(await page.locator('#content').isVisible()).toBe(true);
    expect(await page.locator('.banner').count()).toBe(0);
    expect(await text('week')).toContain('2 days in a row');
    await close();
  });

  test('a long name and one that turns the writing round stay in their place', async () => {
    const { page, close } = await open(2, { viewport: { width: 390, height: 844 } });
    expect(await overflow(page)).toBe(0);
    for (const name of [longName, turnedName]) {
      const place = page.locator('bdi', { hasText: name }).first();
      expect(await place.count()).toBe(1);
      expect(await place.evaluate((one) => getComputedStyle(one).unicodeBidi)).toBe('isolate');
    }
    // A name is text, whatever it looks like.
    expect(await page.locator('h1', { hasText: '<img src=x' }).count()).toBe(1);
    expect(await page.locator('main img').count()).toBe(0);
    await close();
    const turned = await open(5);
    expect(await turned.page.title()).toBe('The week of evil right · Community');
    await turned.close();
  });

  test('on a phone of 320 px the names of the boards can be read', async () => {
    const { page, close } = await open(1, { viewport: { width: 320, height: 700 } });
    const widths = await page
      .locator('#board-panel .name')
      .evaluateAll((names) => names.map((name) => name.getBoundingClientRect().width));
    expect(widths.length).toBeGreaterThan(1);
    for (const width of widths) expect(width).toBeGreaterThan(90);
    await close();
  });

  test('the boards are tabs for the keyboard, and the address remembers the one', async () => {
    const { page, close } = await open(1);
    await page.locator('#tab-new_connections').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-community_builders');
    await page.keyboard.press('End');
    expect(await page.locator('#tab-streak_masters').getAttribute('aria-selected')).toBe('true');
    expect(await page.locator('#board-panel').innerText()).toContain('days');
    await page.reload();
    await untilDrawn(page);
    expect(await page.locator('#tab-streak_masters').getAttribute('aria-selected')).toBe('true');
    await close();
  });

  test('switches are remembered in the address; what is the default is not in it', async () => {
    const { page, questions, text, close } = await open(1);
    expect(await text('recap')).toContain('27 Feb to 5 Mar 2026.');
    await page.locator('select[name=time_window]').selectOption('365d');
    await page.locator('#recap', { hasText: '6 Mar 2025 to 5 Mar 2026' }).waitFor();
    await page.locator('select[name=hours]').selectOption('72');
    await page.locator('#radar', { hasText: 'in the last 72 hours' }).waitFor();
    expect(new URL(page.url()).search).toBe(`?user_id=${userId(1)}&time_window=365d&hours=72`);
    expect(questions.filter((question) => question.includes('time_window=365d')).length).toBe(1);
    await page.reload();
    await untilDrawn(page);
    expect(await page.locator('select[name=time_window]').inputValue()).toBe('365d');
    expect(await text('radar')).toContain('in the last 72 hours');
    await page.locator('select[name=hours]').selectOption('24');
    expect(new URL(page.url()).search).toBe(`?user_id=${userId(1)}&time_window=365d`);
    await close();
  });

  test('a city in the address that the server does not know is let go', async () => {
    const { page, text, close } = await open(1, {}, { query: '&city=Nowhere%20at%20all' });
    expect(await text('radar')).toContain('1 tap of yours');
    expect(new URL(page.url()).searchParams.has('city')).toBe(false);
    await close();
  });

  test('the own city is asked for with its region, shown by its name, and an old link still means it', async () => {
    await database.client.query(`
      insert into gamification.home_location_struct
        (user_id, original_text, city, state, country, geohash5, confidence, method, parser_version)
      select '${userId(1)}', 'Portland, ME', name, state, country, geohash5, 1, 'city_state', 'test'
      from gamification.gazetteer_place where name = 'Portland' and state = 'ME'`);
    const own = 'Portland, ME, US';
    const { page, questions, text, close } = await open(1);
    await page.locator('select[name=city]').selectOption({ label: 'Portland' });
    await page.locator('#radar', { hasText: `in ${own} in the last` }).waitFor();
    expect(await text('boards')).toContain('among people of Portland.');
    expect(new URL(page.url()).searchParams.get('city')).toBe(own);
    expect(await page.locator('select[name=city] option').allInnerTexts()).toEqual([
      'everywhere',
      'Portland',
    ]);
    const radar = questions.filter((question) => question.includes('/radar?')).at(-1) ?? '';
    expect(new URL(radar, server.url).searchParams.get('city')).toBe(own);
    await close();
    const old = await open(1, {}, { query: '&city=Portland' });
    expect(await old.text('radar')).toContain(`in ${own} in the last`);
    expect(await old.text('boards')).toContain('among people of Portland.');
    expect(new URL(old.page.url()).searchParams.get('city')).toBe(own);
    await old.close();
    const elsewhere = await open(1, {}, { query: '&city=Portland,%20OR' });
    expect(await elsewhere.text('radar')).toContain('in Portland, OR, US in the last');
    expect(await elsewhere.text('boards')).toContain('among everybody.');
    await elsewhere.close();
    await database.client.query('delete from gamification.home_location_struct');
  });

  test('times are those of the browser, unless the address says otherwise', async () => {
    const there = await open(1, { timezoneId: 'Asia/Tokyo' });
    expect(there.questions.every((question) => question.includes('tz=Asia%2FTokyo'))).toBe(true);
    expect(await there.text('radar')).toContain('Times are in Asia/Tokyo.');
    expect(await there.text('radar')).toContain('21:00');
    await there.close();
    const given = await open(1, { timezoneId: 'Asia/Tokyo' }, { query: '&tz=America/New_York' });
    expect(await given.text('radar')).toContain('Times are in America/New York.');
    await given.close();
  });

  test('the values of a chart are read with the keyboard and by pointing', async () => {
    const { page, close } = await open(1);
    const chart = page.locator('#activity [role=slider]');
    const readout = page.locator('#activity .readout');
    expect(await readout.innerText()).toBe('Thu 5 Mar: not counted yet');
    await chart.focus();
    await page.keyboard.press('ArrowLeft');
    expect(await readout.innerText()).toBe('Wed 4 Mar: 2 taps');
    expect(await chart.getAttribute('aria-valuetext')).toBe('Wed 4 Mar: 2 taps');
    await page.keyboard.press('Home');
    expect(await readout.innerText()).toBe('Fri 27 Feb: 0 taps');
    await page.locator('#activity [data-text^="Tue 3 Mar"]').hover();
    expect(await readout.innerText()).toBe('Tue 3 Mar: 5 taps');
    await close();
  });

  test('a year of days: each is there once, with its taps', async () => {
    for (const width of [1280, 390, 320]) {
      const { page, close } = await open(1, { viewport: { width, height: 800 } }, { changes: moreAnswers });
      const days = await page
        .locator('#calendar .drawing [data-text]')
        .evaluateAll((marks) => marks.map((mark) => mark.getAttribute('data-text')));
      expect(days.length).toBe(371);
      expect(new Set(days).size).toBe(371);
      expect(days.at(-1)).toBe('Thu, 5 Mar 2026: not counted yet');
      expect(days.filter((day) => /: \d+ taps?$/.test(day ?? '')).length).toBe(96);
      await close();
    }
  });

  test('forced colours: the chosen tab, the own row and how far a quest is can be told', async () => {
    const { page, close } = await open(1, { forcedColors: 'active', colorScheme: 'dark' });
    const background = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((one) => getComputedStyle(one).backgroundColor);
    expect(await background('[role=tab][aria-selected=true]')).not.toBe(
      await background('[role=tab][aria-selected=false]'),
    );
    const border = (row: string) =>
      page
        .locator(row)
        .first()
        .evaluate((one) => getComputedStyle(one).borderLeftWidth);
    expect(await border('.list > li.me')).toBe('2px');
    expect(await border('.list > li:not(.me)')).toBe('0px');
    const bar = await page.locator('#quests progress').first().screenshot();
    await page
      .locator('#quests progress')
      .first()
      .evaluate((one) => one.setAttribute('value', '0'));
    expect(bar.equals(await page.locator('#quests progress').first().screenshot())).toBe(false);
    await close();
  });

  test('the index of the API is readable at every width, and its policy stops nothing of it', async () => {
    for (const width of [320, 1280]) {
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        bypassCSP: width === 320,
      });
      try {
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on('console', (message) => complaints.push(message.text()));
        await page.goto(`${server.url}/api/`);
        for (const summary of await page.locator('summary').all()) await summary.click();
        expect(complaints).toEqual([]);
        expect(await overflow(page)).toBe(0);
        // Its styles came: the whole name of a field stays on a line.
        expect(
          await page
            .locator('table')
            .first()
            .evaluate((table) => getComputedStyle(table).borderCollapse),
        ).toBe('collapse');
        if (width === 320) expect(await violations(page)).toEqual([]);
      } finally {
        await context.close();
      }
    }
  });

  test('why: a list says how it is counted, in the words of the server where it has some', async () => {
    const { page, close } = await open(1, {}, { changes: moreAnswers });
    await page.locator('#quests .why summary').click();
    expect(await page.locator('#quests .why').innerText()).toContain('A sentence of the server.');
    await page.locator('#boards .why summary').click();
    expect(await page.locator('#boards .why').innerText()).toContain('Monday to Sunday');
    for (const id of ['week', 'calendar', 'health', 'recap', 'activity', 'recommendations', 'radar']) {
      expect(await page.locator(`#${id} .why`).count()).toBe(1);
      expect(await page.locator(`#${id} .why`).textContent()).not.toContain('undefined');
    }
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test('an outage: one banner, one button, which brings everything back', async () => {
    const { page, text, close } = await open(
      1,
      { viewport: { width: 390, height: 844 } },
      {
        prepare: (one) =>
          one.route('**/api/community/*', (route) =>
            route.fulfill({
              status: 503,
              json: { error: 'The database can’t be reached.', code: 'unreachable' },
            }),
          ),
      },
    );
    expect(await page.locator('.banner').count()).toBe(1);
    expect(await page.locator('button:visible').count()).toBe(1);
    expect(await text('notice')).toContain('The database can’t be reached.');
    expect(await violations(page)).toEqual([]);
    await page.unroute('**/api/community/*');
    await page.locator('.retry').focus();
    await page.keyboard.press('Enter');
    await page.locator('#content').waitFor({ state: 'visible' });
    expect(await page.locator('.banner').count()).toBe(0);
    expect(await text('title')).toBe('The week of User 1');
    expect(await text('as-of')).toContain('4 Mar 2026');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('title');
    await close();
  });

  test('an outage later on: what was there stays, and comes up to date by itself', async () => {
    const { page, text, close } = await open(
      1,
      {},
      { prepare: (one) => one.clock.install({ time: new Date(now) }) },
    );
    await page.route('**/api/community/*', (route) => route.abort());
    await page.clock.runFor(16_000);
    await page.locator('.banner').waitFor();
    expect(await text('notice')).toContain('What you see is as of 12:30.');
    expect(await text('week')).toContain('23 more taps');
    expect(await page.locator('.banner').count()).toBe(1);
    await page.unroute('**/api/community/*');
    await page.clock.runFor(16_000);
    await page.locator('.banner').waitFor({ state: 'detached' });
    await close();
  });

  test('new answers are taken without a reload, and nothing jumps or flashes', async () => {
    const statuses: number[] = [];
    const { page, text, shift, close } = await open(
      5,
      {},
      {
        prepare: async (one) => {
          await one.clock.install({ time: new Date(now) });
          one.on('response', (response) => {
            if (response.url().includes('/api/')) statuses.push(response.status());
          });
        },
      },
    );
    expect(await text('week')).toContain('22 more taps');
    await page.locator('#week').evaluate((one) => {
      (one.querySelector('.lead [data-number]') as HTMLElement & { wasThere?: boolean }).wasThere = true;
    });
    await page.locator('#tab-streak_masters').focus();
    await page.clock.runFor(16_000);
    // Nothing changed: nothing is sent.
    await expect.poll(() => statuses.slice(5), { timeout: 20_000 }).toEqual([304, 304, 304, 304, 304]);
    await addTap(database, 5, 6, '2026-03-04T18:00Z');
    await database.ok(['etl', '--date', '2026-03-04']);
    await page.clock.runFor(16_000);
    await page.locator('#week .lead [data-number="21"]').waitFor();
    // The number counts down before one's eyes.
    await page.clock.runFor(2_000);
    expect(await text('week')).toContain('21 more taps');
    expect(
      await page
        .locator('#week .lead [data-number]')
        .first()
        .evaluate((one) => (one as HTMLElement & { wasThere?: boolean }).wasThere),
    ).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-streak_masters');
    expect(await shift()).toBeLessThan(0.05);
    // Who looks elsewhere asks nothing.
    await page.evaluate(() => Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' }));
    const before = statuses.length;
    await page.clock.runFor(60_000);
    await page.waitForTimeout(200);
    expect(statuses.length).toBe(before);
    await close();
  });

  test('a new user is welcomed with what will appear when, not with zeros', async () => {
    const { page, text, close } = await open(7);
    expect(await text('title')).toBe('Welcome, User 7');
    expect(await text('welcome')).toContain('With your first tap');
    // What is open to somebody new: the shortest quests.
    expect(await text('todo')).toContain('New Ground: 2 to go');
    for (const id of ['week', 'calendar', 'health', 'recommendations', 'recap']) {
      expect(await page.locator(`#${id}`).isVisible()).toBe(false);
    }
    expect(await page.locator('#quests').isVisible()).toBe(true);
    await close();
  });

  test('a quiet user is told whom to tap again', async () => {
    const { text, close } = await open(8);
    expect(await text('todo')).toContain('Tap User 9 again');
    expect(await text('week')).toContain('A tap today begins a streak.');
    await close();
  });

  test('made-up data is labelled', async () => {
    const { page, complaints, close } = await open(
      1,
      { viewport: { width: 390, height: 844 } },
      { query: '&demo=1' },
    );
    expect(await page.locator('#notice').innerText()).toContain('Sample data');
    expect(await page.locator('#radar .surge').count()).toBe(1);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test('nobody chosen, and an unknown member: each has its own page', async () => {
    const nobody = await openPage(browser, `${server.url}/`);
    expect(await nobody.page.locator('label[for=user-id]').innerText()).toBe('Whose page?');
    expect(await violations(nobody.page)).toEqual([]);
    await nobody.close();
    const unknown = await open(99);
    expect(await unknown.text('notice')).toContain('There is no user with this user_id.');
    expect(await unknown.page.locator('#content').isVisible()).toBe(false);
    expect(await violations(unknown.page)).toEqual([]);
    await unknown.close();
  });

  test('a zone in the address that nobody knows: the sentence of the server, and no error of the page', async () => {
    const { page, complaints, text, close } = await open(1, {}, { query: '&tz=Mars/Base' });
    expect(await text('notice')).toContain("tz is not an IANA time zone such as 'America/New_York'.");
    expect(await page.locator('#content').isVisible()).toBe(false);
    expect(await page.locator('#ask').isVisible()).toBe(true);
    expect(complaints.filter((complaint) => !complaint.includes('400'))).toEqual([]);
    await close();
  });

  test('the policy lets no inline script run', async () => {
    const { page, close } = await open(1, { bypassCSP: false });
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.documentElement.dataset.ran = "yes"';
      document.body.append(script);
    });
    expect(await page.evaluate(() => document.documentElement.dataset.ran)).toBeUndefined();
    await close();
  });
});
