import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob, parseGlob } from './glob.ts';

const matches = (pattern: string, text: string) => matchesGlob(parseGlob(pattern), text);

/** What the wildcards mean, a table of both lengths: whether the pattern from here on matches the text from there on. */
function matchesByDefinition(pattern: string, text: string): boolean {
  const [parts, characters] = [pattern.match(/\*\*|[^]/gu) ?? [], Array.from(text)];
  let behind = [...characters.map(() => false), true];
  for (const part of parts.reverse()) {
    const here: boolean[] = [];
    for (let at = characters.length; at >= 0; at--) {
      const character = characters[at];
      const takes = character !== undefined && (part === '**' || character !== '/');
      here[at] = part.startsWith('*')
        ? behind[at] === true || (takes && here[at + 1] === true)
        : character === part && behind[at + 1] === true;
    }
    behind = here;
  }
  return behind[0] === true;
}

const joined = (parts: readonly string[], lengths: { minLength?: number; maxLength: number }) =>
  fc.array(fc.constantFrom(...parts), lengths).map((chosen) => chosen.join(''));

test('a glob without wildcards matches itself', () => {
  expect(matches('a/b', 'a/b')).toBe(true);
  expect(matches('a/b', 'a/bc')).toBe(false);
  expect(matches('', '')).toBe(true);
});

test('a glob matches what its wildcards mean', () => {
  const globs = joined(['a', 'b', '/', '.', '*', '**'], { maxLength: 8 });
  const texts = joined(['a', 'b', '/', '.'], { maxLength: 10 });
  fc.assert(
    fc.property(globs, texts, (glob, text) => {
      expect(matches(glob, text)).toBe(matchesByDefinition(glob, text));
    }),
    { numRuns: 5000 },
  );
});

test('a long glob matches what its wildcards mean, where they are filled in and where a character is changed', () => {
  const part = fc.oneof(
    joined(['a', 'b', '/'], { minLength: 1, maxLength: 40 }).map((text) => ({ glob: text, text })),
    joined(['a', 'b'], { maxLength: 40 }).map((text) => ({ glob: '*', text })),
    joined(['a', 'b', '/'], { maxLength: 40 }).map((text) => ({ glob: '**', text })),
  );
  const change = fc.option(fc.record({ at: fc.nat(), to: fc.constantFrom('a', 'b', '/', '') }));
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 12 }), change, (parts, changed) => {
      const glob = parts.map((one) => one.glob).join('');
      const filled = parts.map(({ text }) => text).join('');
      expect(matches(glob, filled)).toBe(true);
      if (!changed) return;
      const at = changed.at % (filled.length + 1);
      const text = filled.slice(0, at) + changed.to + filled.slice(at + 1);
      expect(matches(glob, text)).toBe(matchesByDefinition(glob, text));
    }),
    { numRuns: 1000 },
  );
});

test.each([31, 32, 33, 63, 64, 65])('%i characters and a wildcard match these characters', (length) => {
  const text = 'a'.repeat(length);
  expect(matches(`${text}*`, text)).toBe(true);
  expect(matches(`*${text}`, text)).toBe(true);
  expect(matches(`*${text}`, `b${text}`)).toBe(true);
  expect(matches(`*${text}`, `${text}b`)).toBe(false);
  expect(matches(`*${text}`, text.slice(1))).toBe(false);
});

test('takes no longer than the product of both lengths, where backtracking would never end', () => {
  expect(matches(`${'*a'.repeat(250)}b`, 'a'.repeat(250))).toBe(false);
  expect(matches('**a'.repeat(160), 'a'.repeat(512))).toBe(true);
});

test('takes characters outside the basic plane as one', () => {
  expect(matches('*😀', 'a😀')).toBe(true);
  expect(matches('*\ude00', 'a😀')).toBe(false);
  expect(matches('\ud83d*', '😀a')).toBe(false);
  expect(matches('😀*😀', '😀😀')).toBe(true);
});
