import fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, p99, quantile } from './statistics.ts';

test('a quantile is the smallest sample that the share does not exceed', () => {
  const oneToTen = [3, 1, 2, 10, 9, 8, 7, 6, 5, 4];
  expect(median(oneToTen)).toBe(5);
  expect(quantile(oneToTen, 0.9)).toBe(9);
  expect(quantile(oneToTen, 0.91)).toBe(10);
  expect(quantile(oneToTen, 1)).toBe(10);
});

test('p99 of a hundred samples leaves out one, and of fewer none', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(p99(hundred)).toBe(99);
  expect(p99([1, 2, 1000])).toBe(1000);
});

test('the order of the samples makes no difference, and they are left as they were', () => {
  const samples = [2, 3, 1];
  expect(median(samples)).toBe(2);
  expect(samples).toEqual([2, 3, 1]);
});

test('a quantile is one of the samples, with at least the share of them not above it', () => {
  const numbers = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1 });
  const shares = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(
    fc.property(numbers, shares, (samples, share) => {
      const found = quantile(samples, share);
      expect(samples).toContain(found);
      const notAbove = samples.filter((sample) => sample <= found).length;
      expect(notAbove).toBeGreaterThanOrEqual(share * samples.length);
    }),
  );
});

test('of nothing there is no quantile', () => {
  expect(() => median([])).toThrow('there are no samples');
  expect(() => quantile([1], 0)).toThrow('0 is no share of the samples');
});
