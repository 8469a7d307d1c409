/** Regular expressions on RE2's terms: the time to match is linear, whatever the pattern. JavaScript's own are not. */
import { RE2JS } from 're2js';

export interface Pattern {
  /** Whether it matches anywhere in the text. */
  matches(text: string): boolean;
  /** How much work each character is, at the worst. */
  size: number;
}

/** A class of Unicode has several hundred ranges, which are folded one by one where case does not count. */
const UNICODE_CLASS = 1000;
const FOLDED = 4;

/**
 * How large the program of a pattern can become, from above: {n,m} writes what it follows m times over. A brace after a parenthesis
 * repeats all that is in it, and RE2 refuses more than a thousand repetitions of anything.
 */
export function sizeFromAbove(pattern: string): number {
  // An empty group that repeats is two instructions a character.
  let single = 2 * pattern.length;
  let ofGroups = 1;
  for (const [, group, least, most] of pattern.matchAll(/(\)?)\{(\d+)(?:,(\d*))?\}/g)) {
    const count = Math.max(1, Number(least) + 1, Number(most ?? 0));
    if (group === '') single += count * 4;
    else ofGroups *= count;
  }
  const ofUnicode = [...pattern.matchAll(/\\[pP]/g)].length * UNICODE_CLASS;
  const folds = /\(\?[a-zA-Z-]*i/.test(pattern) ? FOLDED : 1;
  return single * Math.min(1000, ofGroups) + ofUnicode * folds;
}

/** @throws Error whose message says what is wrong with it */
export function compilePattern(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern);
  return { matches: (text) => compiled.test(text), size: compiled.programSize() };
}

/** Some ten nanoseconds for each instruction at each character. */
export function stepsToMatch({ size }: Pattern, text: string): number {
  return Math.ceil(((text.length + 1) * size) / 4);
}
