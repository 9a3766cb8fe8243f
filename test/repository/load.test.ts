import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { judge, load, pacedLoad } from '../../bench/api/load.js';
import { spentMs } from '../../bench/api/processor.js';

const viewers = ['ann', 'bob'].map((name) => ({ userId: name, token: `of ${name}` }));
const short = { connections: 2, seconds: 1 };

test('a load that nobody answers, or that is refused, has failed, however quick', async () => {
  const refusing = createServer((_request, response) => {
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
  const asked = () =>
    Promise.all([
      load(url, (user) => `/${user}`, viewers, short),
      pacedLoad(url, (user) => `/${user}`, viewers, { ...short, pauseMs: 100 }),
    ]);
  const refused = await asked();
  await new Promise((resolve) => refusing.close(resolve));
  const unanswered = await asked();
  for (const one of [...refused, ...unanswered]) expect(judge(one, 1_000)).toBe('FAILED');
});

test('a load that is answered is held against its target', () => {
  const one = { p50: 2, p99: 14, max: 20, perSecond: 100, answered: 800, failed: 0 };
  expect(judge(one, 15)).toBe('ok');
  expect(judge(one, 13)).toBe('MISSED');
  expect(judge({ ...one, failed: 1 }, 15)).toBe('FAILED');
  expect(judge({ ...one, p99: 0, answered: 0 }, 15)).toBe('FAILED');
});

test('a connection that is thrown away while it is measured takes nothing off the sum', () => {
  const before = new Map([
    [1, 500],
    [2, 900],
  ]);
  const after = new Map([
    [1, 530],
    [3, 20],
  ]);
  expect(spentMs(before, after)).toBe(50);
});
