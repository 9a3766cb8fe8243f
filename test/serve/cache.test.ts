import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openCache, openPlaces } from '../../src/serve/reading/context.js';
import type { Reading } from '../../src/serve/reading/store.js';

const reading = (name: string) => ({ name }) as unknown as Reading;
const request = reading('the request');
const beside = reading('beside it');
const nameOf = (one: Reading) => (one as unknown as { name: string }).name;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('what everybody shares is made once, anew beside a request after half a minute, and never older than a minute', async () => {
  const made: string[] = [];
  const cache = openCache((use) => use(beside));
  const ask = () =>
    cache.of('board', '', request, async (one) => {
      made.push(nameOf(one));
      return made.length;
    });
  expect(await ask()).toBe(1);
  vi.advanceTimersByTime(29_000);
  expect(await ask()).toBe(1);
  vi.advanceTimersByTime(2_000);
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  expect(await ask()).toBe(2);
  expect(made).toEqual(['the request', 'beside it']);
  vi.advanceTimersByTime(61_000);
  expect(await ask()).toBe(3);
  expect(made.at(-1)).toBe('the request');
});

test('an attempt beside a request that fails changes nothing, and is not tried again by every request', async () => {
  let attempts = 0;
  const cache = openCache(() => {
    attempts += 1;
    return Promise.reject(new Error('no connection'));
  });
  const ask = () => cache.of('board', '', request, async () => 'known');
  await ask();
  vi.advanceTimersByTime(31_000);
  expect(await ask()).toBe('known');
  expect(await ask()).toBe('known');
  expect(attempts).toBe(1);
});

test('requests at the same time wait for the first, and for the next one where it fails', async () => {
  const made: string[] = [];
  const cache = openCache((use) => use(beside));
  const ask = (name: string, fails = false) =>
    cache.of('board', '', reading(name), async (one) => {
      made.push(nameOf(one));
      await Promise.resolve();
      if (fails) throw new Error('cut off');
      return nameOf(one);
    });
  const [first, second, third] = await Promise.allSettled([ask('1', true), ask('2'), ask('3')]);
  expect(first).toMatchObject({ status: 'rejected' });
  expect(second).toMatchObject({ value: '2' });
  expect(third).toMatchObject({ value: '2' });
  expect(made).toEqual(['1', '2']);
  vi.advanceTimersByTime(61_000);
  made.length = 0;
  expect(await Promise.all([ask('4'), ask('5'), ask('6')])).toEqual(['4', '4', '4']);
  expect(made).toEqual(['4']);
});

test('a value makes way for that of another state, and of very many the oldest goes', async () => {
  const made: string[] = [];
  const cache = openCache((use) => use(beside));
  const ask = (key: string, state: string) =>
    cache.of(key, state, request, async () => made.push(`${key} ${state}`));
  for (const state of ['before', 'after', 'after', 'before']) await ask('live', state);
  expect(made).toEqual(['live before', 'live after', 'live before']);
  for (let city = 1; city <= 1_000; city += 1) await ask(`city ${city}`, '');
  made.length = 0;
  for (const city of [1, 1_000]) await ask(`city ${city}`, '');
  await ask('live', 'before');
  expect(made).toEqual(['live before']);
});

test('what was made anew beside a request does not take the place of a newer state', async () => {
  let deliver: (value: string) => void = () => undefined;
  const late = new Promise((resolve) => {
    deliver = resolve;
  });
  const cache = openCache(() => late as Promise<never>);
  const made: string[] = [];
  const ask = (state: string) => cache.of('live', state, request, async () => made.push(state));
  await ask('before');
  vi.advanceTimersByTime(31_000);
  await ask('before');
  await ask('after');
  deliver('before');
  await late;
  await ask('after');
  expect(made).toEqual(['before', 'after']);
});

test('which city a cell counts as is remembered for an hour, also that it is none', () => {
  const places = openPlaces();
  places.set('dr5ru', 1);
  places.set('s0000', null);
  vi.advanceTimersByTime(3_599_000);
  expect([places.get('dr5ru'), places.get('s0000'), places.get('9v6kp')]).toEqual([1, null, undefined]);
  vi.advanceTimersByTime(2_000);
  expect([places.get('dr5ru'), places.get('s0000')]).toEqual([undefined, undefined]);
});
