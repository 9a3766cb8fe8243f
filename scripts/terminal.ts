/**
 * Records docs/terminal.png: what `arc-gam demo` prints on a terminal, as a browser draws it.
 *   npm run build && npx tsx scripts/terminal.ts
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const command = fileURLToPath(new URL('../bin/arc-gam.js', import.meta.url));
const picture = fileURLToPath(new URL('../docs/terminal.png', import.meta.url));

/** What a command prints when it believes that it writes to a terminal of 100 columns. */
const record = (args: string): string => {
  const line = `stty cols 100 2> /dev/null; '${process.execPath}' '${command}' ${args}`;
  const { stdout, status } = spawnSync('script', ['-qec', line, '/dev/null'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`arc-gam ${args} exited with ${status}: ${stdout}`);
  return `\u001b[32m$\u001b[39m arc-gam ${args.replace(' --no-progress', '')}\n${stdout.replaceAll('\r', '')}`;
};

const styles: Readonly<Record<string, string>> = {
  '1': 'font-weight: 700',
  '2': 'opacity: 0.6',
  '31': 'color: #f47067',
  '32': 'color: #6bc46d',
  '33': 'color: #daaa3f',
};

/** ANSI's bold, dim and colours as spans; each begins with one code and ends with the next that is none of these. */
const html = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what begins a code.
    .replace(/\u001b\[(\d+)m/g, (_, code: string) =>
      styles[code] === undefined ? '</span>' : `<span style="${styles[code]}">`,
    );

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 900, height: 400 }, deviceScaleFactor: 1 });
  const screen = record('demo --users-count 200 --days 60 --no-progress');
  await page.setContent(
    `<body style="margin: 0; background: #22272e"><pre style="margin: 0; padding: 20px; font: 13px/1.45 'DejaVu Sans Mono', monospace; color: #cdd9e5">${html(screen)}</pre>`,
  );
  await page.locator('pre').screenshot({ path: picture });
} finally {
  await browser.close();
}
