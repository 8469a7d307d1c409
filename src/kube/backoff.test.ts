import { expect, test } from 'vitest';
import { REFLECTOR_BACKOFF, backoffDelay, delayAskedFor } from './backoff.ts';
import { QUEUE_BACKOFF } from './workqueue.ts';

const withoutJitter = () => 0;

test('the delay doubles from 0.8 s and stays at 30 s', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) =>
    backoffDelay(REFLECTOR_BACKOFF, failures, withoutJitter),
  );
  expect(delays).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

test('jitter adds up to as much again', () => {
  expect(backoffDelay(REFLECTOR_BACKOFF, 1, () => 0.5)).toBe(1200);
});

test('any number of failures has a finite delay', () => {
  expect(backoffDelay(QUEUE_BACKOFF, 5000, withoutJitter)).toBe(30_000);
});

test.each([
  ['nothing', undefined, 800],
  ['less than the backoff', 0, 800],
  ['more than the backoff', 32, 32_000],
  ['a day', 86_400, 60_000],
])('a server that asks for %s is waited for as long as is reasonable', (_, seconds, expected) => {
  expect(delayAskedFor(seconds, REFLECTOR_BACKOFF, 1, withoutJitter)).toBe(expected);
});
