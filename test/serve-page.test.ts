/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, startBrowser } from './browser.js';
import { addTap, addUsers, createDatabase, type TestDatabase, userId } from './database.js';
import { startTestServer, type TestServer } from './serve.js';

const now = '2026-03-05T12:30:00Z';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

if (browserPath === undefined) {
  process.stdout.write('The tests of the page are skipped: there is no Chromium (set CHROMIUM_PATH).\n');
}

describe.skipIf(browserPath === undefined)('the Community page', () => {
  let database: TestDatabase;
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    database = await createDatabase();
    await addUsers(database, 1, 2, 3, 4, 5, 6);
    await database.client.query('update public.users set name = $1 where id = $2', [
      '<img src=x onerror="document.title=1">',
      userId(2),
    ]);
    for (const day of ['2026-01-01', '2026-01-03', '2026-01-05'])
      await addTap(database, 1, 3, `${day}T10:00Z`);
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

  /** Opens the page, checks it with axe, and returns it with what its console and network said. */
  const open = async (query: string, size: keyof typeof sizes, colorScheme: 'light' | 'dark' = 'light') => {
    const context = await browser.newContext({ viewport: sizes[size], colorScheme, bypassCSP: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) complaints.push(`asked ${request.url()}`);
    });
    await page.goto(`${server.url}/${query}`);
    await page.waitForFunction(
      () => !document.querySelector('[aria-busy]') && document.querySelector('.body > *, #ask:not([hidden])'),
    );
    return { page, complaints, close: () => context.close() };
  };

  const violations = async (page: Page): Promise<string[]> => {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const checker = (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe;
      const { violations: found } = await checker.run();
      return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
    });
  };

  test.each([
    ['phone', 'light'],
    ['phone', 'dark'],
    ['desktop', 'light'],
    ['desktop', 'dark'],
  ] as const)('every panel shows real data at %s width, %s', async (size, scheme) => {
    const { page, complaints, close } = await open(`?user_id=${userId(1)}`, size, scheme);
    const text = async (id: string) => (await page.locator(`#${id}`).innerText()).replace(/\s+/g, ' ');
    expect(await text('title')).toBe('Weekly Pulse of User 1');
    expect(await text('momentum')).toMatch(/2 \/ 25 .*23 taps to go/);
    expect(await text('recap')).toContain('You met');
    expect(await text('boards')).toMatch(/#\d .* You/);
    expect(await text('recommendations')).toContain('2 mutual connections');
    expect(await text('health')).toContain('usually every 2 days, now 58');
    expect(await text('radar')).toContain('1 tap of yours in the last 24 hours.');
    expect(await page.locator('#activity .bar-shape').count()).toBe(6);
    expect(await page.locator('#activity .uncounted').count()).toBe(1);
    // A name is text, whatever it looks like.
    expect(await page.locator('.name', { hasText: '<img src=x' }).count()).toBeGreaterThan(0);
    expect(await page.locator('.panel img').count()).toBe(0);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test('the boards are tabs for the keyboard', async () => {
    const { page, close } = await open(`?user_id=${userId(1)}`, 'desktop');
    await page.locator('#tab-new_connections').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-community_builders');
    await page.keyboard.press('End');
    expect(await page.locator('#tab-streak_masters').getAttribute('aria-selected')).toBe('true');
    expect(await page.locator('#board-panel').innerText()).toContain('days');
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test('made-up data is labelled', async () => {
    const { page, complaints, close } = await open(`?user_id=${userId(1)}&demo=1`, 'phone');
    expect(await page.locator('#notice').innerText()).toContain('Sample data');
    expect(await page.locator('#radar .surge').count()).toBe(1);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test('nobody chosen, an unknown member, a user without a tap: each has its own page', async () => {
    const nobody = await open('', 'phone');
    expect(await nobody.page.locator('label[for=user-id]').innerText()).toBe('Whose page?');
    expect(await violations(nobody.page)).toEqual([]);
    await nobody.close();
    const unknown = await open(`?user_id=${userId(99)}`, 'phone');
    await unknown.page.locator('#notice .bad').waitFor();
    expect(await unknown.page.locator('#notice').innerText()).toContain(
      'There is no user with this user_id.',
    );
    await unknown.close();
    await addUsers(database, 7);
    const fresh = await open(`?user_id=${userId(7)}`, 'phone');
    expect(await fresh.page.locator('#recap').innerText()).toContain('A quiet stretch');
    expect(await fresh.page.locator('#health').innerText()).toContain('No ties in the last 90 days');
    expect(await violations(fresh.page)).toEqual([]);
    expect(fresh.complaints).toEqual([]);
    await fresh.close();
  });

  test('the policy lets no inline script run', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/?user_id=${userId(1)}`);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.documentElement.dataset.ran = "yes"';
      document.body.append(script);
    });
    expect(await page.evaluate(() => document.documentElement.dataset.ran)).toBeUndefined();
    await context.close();
  });
});

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[];
}
