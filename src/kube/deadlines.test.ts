import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeadlines } from './deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('keys become due in the order of their times, whatever the order in which they came', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }).map(String), fc.integer({ min: 1, max: 1000 }))),
      (additions) => {
        const startedAt = performance.now();
        const due: [string, number][] = [];
        const deadlines = createDeadlines((key) => due.push([key, performance.now() - startedAt]));
        const earliest = new Map<string, number>();
        for (const [key, ms] of additions) {
          deadlines.add(key, ms, 0);
          earliest.set(key, Math.min(ms, earliest.get(key) ?? ms));
        }
        expect(deadlines.size()).toBe(earliest.size);
        vi.advanceTimersByTime(1001);
        expect(Object.fromEntries(due)).toEqual(Object.fromEntries(earliest));
        expect(due).toHaveLength(earliest.size);
        expect(due.map(([, at]) => at)).toEqual([...earliest.values()].sort((a, b) => a - b));
        expect(vi.getTimerCount()).toBe(0);
      },
    ),
  );
});

test('the earliest of several times counts, and the highest of several priorities', () => {
  const due = vi.fn();
  const deadlines = createDeadlines(due);
  deadlines.add('a', 1000, 0);
  deadlines.add('a', 2000, 10);
  vi.advanceTimersByTime(1000);
  expect(due.mock.calls).toEqual([['a', 10]]);
  deadlines.add('a', 1000, 5);
  deadlines.add('a', 500, 0);
  vi.advanceTimersByTime(500);
  expect(due.mock.calls).toEqual([
    ['a', 10],
    ['a', 5],
  ]);
  vi.advanceTimersByTime(5000);
  expect(due).toHaveBeenCalledTimes(2);
});

test('one timer serves ten thousand keys, and none when there are none', () => {
  const deadlines = createDeadlines(() => undefined);
  for (let index = 0; index < 10_000; index++) deadlines.add(`key-${index}`, 1000 + index, 0);
  expect(vi.getTimerCount()).toBe(1);
  deadlines.clear();
  expect(vi.getTimerCount()).toBe(0);
  expect(deadlines.size()).toBe(0);
});
