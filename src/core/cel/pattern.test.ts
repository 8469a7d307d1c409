import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, sizeFromAbove } from './pattern.ts';

const PATTERNS = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', '.', '[a-z]', '[^0-9{]', '\\d', '\\pL', '^', '$', '\\{', '\\)', '(?i:k)', '[)]'),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => one + other),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `(${one}|${other})`),
    fc.tuple(tie('pattern'), fc.constantFrom('*', '+?', '?')).map(([of, times]) => `(${of})${times}`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('(', '(?:'), fc.nat(12), fc.nat(12))
      .map(([of, open, least, more]) => `${open}${of}){${least},${least + more}}`),
    fc.tuple(fc.constantFrom('a', '[a-z]', '\\d', '.'), fc.nat(30)).map(([of, times]) => `${of}{${times}}`),
    fc.tuple(fc.constantFrom('a', '[a-z]', '\\d', '.'), fc.nat(30)).map(([of, times]) => `${of}{${times},}`),
  ),
})).pattern;

test('a pattern is never larger than was said before it is compiled', () => {
  fc.assert(
    fc.property(PATTERNS, (pattern) => {
      const most = sizeFromAbove(pattern);
      fc.pre(most < 20_000);
      let size: number;
      try {
        ({ size } = compilePattern(pattern));
      } catch {
        return;
      }
      // One to begin with, and one to match.
      expect(size).toBeLessThanOrEqual(most + 2);
    }),
    { numRuns: 2000 },
  );
});

test('classes of Unicode count for the work that they are, and for more where case does not count', () => {
  expect(sizeFromAbove('\\pL')).toBeGreaterThanOrEqual(1000);
  expect(sizeFromAbove('[\\pL\\PN]')).toBeGreaterThanOrEqual(2000);
  expect(sizeFromAbove('(?i)\\pL')).toBeGreaterThanOrEqual(4000);
});

test('a pattern matches as RE2 has it', () => {
  expect(compilePattern('^(a+)+$').matches(`${'a'.repeat(1000)}!`)).toBe(false);
  expect(compilePattern('(?i)^sha256:[a-f0-9]{64}$').matches(`SHA256:${'A'.repeat(64)}`)).toBe(true);
  expect(() => compilePattern('(?<=a)b')).toThrow('error parsing regexp');
  expect(() => compilePattern('((a{10}){10}){11}')).toThrow('invalid repeat count');
});
