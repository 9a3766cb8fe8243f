/// <reference lib="dom" />
// Makes the pictures of the README: npx tsx scripts/screenshots.ts 'http://127.0.0.1:8080/?user_id=<uuid>'
import { mkdirSync } from 'node:fs';
import { startBrowser } from '../test/browser.js';

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error('Give the address of the page, with its user_id.');
mkdirSync('docs', { recursive: true });
const browser = await startBrowser();
for (const [name, width, colorScheme] of [
  ['community-desktop-light', 1200, 'light'],
  ['community-desktop-dark', 1200, 'dark'],
  ['community-phone-light', 390, 'light'],
] as const) {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  await page.goto(address);
  await page.waitForFunction(
    () => document.querySelector('.body > *') && !document.querySelector('[aria-busy]'),
  );
  await page.screenshot({ path: `docs/${name}.png`, fullPage: true });
  await page.close();
}
await browser.close();
