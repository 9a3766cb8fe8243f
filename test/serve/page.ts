/// <reference lib="dom" />
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface OpenPage {
  readonly page: Page;
  /** What its console said, and whom it asked besides its own server. */
  readonly complaints: string[];
  /** The paths and queries of its questions to the API, in order. */
  readonly questions: string[];
  /** The cumulative layout shift so far: how far drawn things moved by themselves. */
  shift(): Promise<number>;
  /** The text of an element, with single spaces. */
  text(id: string): Promise<string>;
  close(): Promise<void>;
}

/** Everything that is drawn for good is there. */
export const untilDrawn = async (page: Page): Promise<void> => {
  await page.waitForFunction(
    () =>
      !document.querySelector('[aria-busy]') &&
      document.querySelector('#content:not([hidden]), #ask:not([hidden]), .banner'),
  );
};

/** Opens an address of the page in a context of its own; prepare: before it is asked for. */
export const openPage = async (
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = async () => undefined,
): Promise<OpenPage> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    timezoneId: 'UTC',
    // So that axe can be put into the page.
    bypassCSP: true,
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const questions: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const { origin, pathname, search } = new URL(request.url());
    if (origin !== new URL(address).origin) complaints.push(`asked ${request.url()}`);
    if (pathname.startsWith('/api/')) questions.push(pathname + search);
  });
  await page.addInitScript(() => {
    const shifts = globalThis as unknown as { shiftSoFar: number };
    shifts.shiftSoFar = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[]) {
        if (!entry.hadRecentInput) shifts.shiftSoFar += entry.value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await prepare(page);
  await page.goto(address);
  await untilDrawn(page);
  return {
    page,
    complaints,
    questions,
    shift: async () => {
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      return page.evaluate(() => (globalThis as unknown as { shiftSoFar: number }).shiftSoFar);
    },
    text: async (id) => (await page.locator(`#${id}`).innerText()).replace(/\s+/g, ' '),
    close: () => context.close(),
  };
};

/** What axe finds: the rule and the elements. */
export const violations = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const checker = (globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } }).axe;
    const { violations: found } = await checker.run({ resultTypes: ['violations'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
};

/** How many pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Texts that reach out of the drawing that they are in. */
export const clippedTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<SVGTextElement>('svg.chart text, svg.year text')]
      .filter((text) => {
        const box = text.getBoundingClientRect();
        const drawing = text.closest('svg')?.getBoundingClientRect();
        return drawing === undefined || box.left < drawing.left - 1 || box.right > drawing.right + 1;
      })
      .map(({ textContent }) => textContent ?? ''),
  );

/** Changes answers on their way to the page: for fields that the server under test may not give, and other days. */
export const changeAnswers = async (
  page: Page,
  // biome-ignore lint/suspicious/noExplicitAny: whatever the answers have
  changes: Record<string, (answer: any) => void>,
): Promise<void> => {
  await page.route('**/api/community/*', async (route) => {
    const change = changes[new URL(route.request().url()).pathname.split('/').at(-1) ?? ''];
    if (change === undefined) return route.continue();
    const response = await route.fetch();
    if (response.status() !== 200) return route.fulfill({ response });
    const answer = await response.json();
    change(answer);
    return route.fulfill({ response, json: answer });
  });
};

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[];
}
