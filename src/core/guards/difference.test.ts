import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstDifference } from './difference.ts';

describe('the first difference', () => {
  test('is none between what is the same, in whatever order', () => {
    expect(firstDifference({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 })).toBeUndefined();
  });

  test.each([
    [{ a: { b: 'Fail' } }, { a: { b: 'Ignore' } }, 'a.b is "Ignore", and was installed as "Fail"'],
    [{ a: ['x', 'y'] }, { a: ['x'] }, 'a[1] is not there, and was installed as "y"'],
    [{ a: {} }, { a: { b: 1 } }, 'a.b is 1, and was installed as not there'],
    [{ 'x.dev': 1 }, {}, '[x.dev] is not there, and was installed as 1'],
    [{ a: [1] }, { a: { 0: 1 } }, 'a is {"0":1}, and was installed as [1]'],
    [{ a: null }, { a: {} }, 'a is {}, and was installed as null'],
  ])('between %j and %j is told with its path', (installed, found, words) => {
    expect(firstDifference(installed, found)).toBe(words);
  });

  test('is told in few words, however long it is', () => {
    expect(firstDifference({ a: 'x'.repeat(10_000) }, { a: '' })?.length).toBeLessThan(200);
  });

  test('is there just where the values are not equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(firstDifference(a, b) === undefined).toBe(isSame);
        expect(firstDifference(a, structuredClone(a))).toBeUndefined();
      }),
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, sorted(one)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
