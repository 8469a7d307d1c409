import { expect, test } from 'vitest';
import { NoAnswerError } from './api-error.ts';
import type { Client, ListOptions } from './client.ts';
import { MAX_PAGE_BYTES, pagesOf, type PageOptions } from './list-all.ts';
import { pods } from './resources.ts';

/** A server with objects of these sizes in bytes, and every limit that it was asked with. */
function aServer(sizes: readonly number[]) {
  const limits: (number | undefined)[] = [];
  const list = ((_what: unknown, _place: unknown, { limit, maxBytes, ...options }: ListOptions) => {
    limits.push(limit);
    const from = Number(options.continue ?? 0);
    const to = Math.min(sizes.length, from + (limit ?? sizes.length));
    const bytes = sizes.slice(from, to).reduce((sum, size) => sum + size, 0);
    if (bytes > (maxBytes ?? Infinity))
      return Promise.reject(new NoAnswerError('list pods', 'TooLarge', 'too large'));
    const items = sizes.slice(from, to).map((_, index) => ({ metadata: { name: `${from + index}` } }));
    return Promise.resolve({ metadata: { ...(to < sizes.length && { continue: `${to}` }) }, items });
  }) as unknown as Client['list'];
  const read = async (options?: PageOptions) => {
    const names: string[] = [];
    for await (const { items } of pagesOf({ list }, pods, {}, options))
      names.push(...items.map(({ metadata }) => metadata.name));
    return names;
  };
  return { read, limits };
}

const namesTo = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

test('a list of small objects is read in full pages', async () => {
  const { read, limits } = aServer(Array<number>(1200).fill(1000));
  expect(await read()).toEqual(namesTo(1200));
  expect(limits).toEqual([500, 500, 500]);
});

test('where objects are large, pages are smaller until they fit, and larger again after them', async () => {
  const { read, limits } = aServer([
    ...Array<number>(20).fill(1.5 * 2 ** 20),
    ...Array<number>(600).fill(1000),
  ]);
  expect(await read()).toEqual(namesTo(620));
  expect(limits.slice(0, 5)).toEqual([500, 125, 31, 7, 1]);
  expect(Math.max(...limits.slice(5).map((limit) => limit ?? Infinity))).toBe(500);
});

test('an object that is larger than a page may be is read all the same, alone', async () => {
  const { read } = aServer([1000, MAX_PAGE_BYTES * 2, 1000]);
  expect(await read()).toEqual(namesTo(3));
});

test('what was asked for in one piece comes in pages where it is too large for that', async () => {
  const { read, limits } = aServer(Array<number>(900).fill(10_000));
  expect(await read({ limit: undefined })).toEqual(namesTo(900));
  expect(limits.slice(0, 2)).toEqual([undefined, 500]);
});
