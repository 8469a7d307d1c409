import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, milliseconds } from './duration.ts';

describe('a duration in a manifest', () => {
  test.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['1h0m1s', 3_601_000],
    ['90m', 5_400_000],
    ['0s', 0],
    ['99999h', 359_996_400_000],
  ])('%s is %d ms', (text, expected) => {
    expect(milliseconds(text)).toBe(expected);
  });

  test.each(['', '1d', '1.5h', '-1h', '1', 'h', '1m1h', '100ms', ' 1h', '1h ', '123456s', '1h\n'])(
    '%j is none, and the error quotes it',
    (text) => {
      expect(() => milliseconds(text)).toThrow(
        new RangeError(`not a duration such as 1h30m: ${JSON.stringify(text)}`),
      );
    },
  );
});

describe('a duration for people', () => {
  test.each([
    [5_400_000, '1h30m'],
    [90_000, '1m30s'],
    [59_600, '1m'],
    [400, '0s'],
    [-1, '0s'],
  ])('%d ms is %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });

  test('means the same when it is read again, to the second', () => {
    fc.assert(
      fc.property(fc.nat(359_996_400), (seconds) => {
        expect(milliseconds(formatDuration(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });
});
