/// <reference lib="dom" />
// Makes the pictures of the README: npx tsx scripts/screenshots.ts 'http://127.0.0.1:8080/?user_id=<uuid>'
import { mkdirSync } from 'node:fs';
import { startBrowser } from '../test/serve/browser.js';
import { untilDrawn } from '../test/serve/page.js';

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error('Give the address of the page, with its user_id.');
mkdirSync('docs', { recursive: true });
const browser = await startBrowser();
for (const { name, width, colorScheme, most } of [
  { name: 'community-desktop-light', width: 1200, colorScheme: 'light', most: Number.POSITIVE_INFINITY },
  { name: 'community-desktop-dark', width: 1200, colorScheme: 'dark', most: Number.POSITIVE_INFINITY },
  // The first screens of a phone: the whole page is a strip that nobody could read.
  { name: 'community-phone-light', width: 390, colorScheme: 'light', most: 1690 },
] as const) {
  const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme });
  await page.goto(address);
  await untilDrawn(page);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({
    path: `docs/${name}.png`,
    fullPage: true,
    clip: { x: 0, y: 0, width, height: Math.min(height, most) },
  });
  await page.close();
}
await browser.close();
