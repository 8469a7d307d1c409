/** Patterns with `*` (within one path segment) and `**` (across them); everything else stands for itself. */

/** A pattern that is ready to be matched again and again. */
export type Glob = { literal: string } | OneWildcard | Automaton;

/** What most patterns are: what is around the wildcard is compared as it stands. */
interface OneWildcard {
  before: string;
  after: string;
  takesSlash: boolean;
}

/**
 * Positions in a pattern are counted in characters that stand for themselves: bit n of a set (n % 32 of word n / 32)
 * is the position behind n of them.
 */
interface Automaton {
  /** How many characters stand for themselves. */
  literals: number;
  /** For each of these characters the positions that are right behind it. */
  behind: ReadonlyMap<string, Uint32Array>;
  /** The positions at which there is a `**`, which takes a slash. */
  takesSlash: Uint32Array;
  /** The positions at which there is either wildcard: both take everything else. */
  takesOthers: Uint32Array;
}

const WORD = 32;

export function parseGlob(pattern: string): Glob {
  if (!pattern.includes('*')) return { literal: pattern };
  // More stars than two are one ** as well.
  const [before = '', after = '', ...more] = pattern.split(/\*+/);
  // Half a character is no text to compare, but a character of its own.
  if (more.length === 0 && before.isWellFormed() && after.isWellFormed())
    return { before, after, takesSlash: pattern.includes('**') };
  return automatonOf(pattern);
}

function automatonOf(pattern: string): Automaton {
  const parts = pattern.match(/\*+|[^*]/gu) ?? [];
  const literals = parts.filter((part) => !part.startsWith('*')).length;
  const noPositions = () => new Uint32Array(Math.floor(literals / WORD) + 1);

  const behind = new Map<string, Uint32Array>();
  const [takesSlash, takesOthers] = [noPositions(), noPositions()];
  let position = 0;
  for (const part of parts) {
    if (part.startsWith('*')) {
      add(takesOthers, position);
      if (part !== '*') add(takesSlash, position);
    } else {
      const positions = behind.get(part) ?? noPositions();
      behind.set(part, positions);
      add(positions, ++position);
    }
  }
  return { literals, behind, takesSlash, takesOthers };
}

function add(positions: Uint32Array, position: number): void {
  const word = Math.floor(position / WORD);
  positions[word] = (positions[word] ?? 0) | (1 << (position % WORD));
}

/**
 * Whether the whole text matches. Every position that the text so far can have reached is followed at once, 32 of them
 * in one step (Shift-And: Navarro and Raffinot, Flexible Pattern Matching in Strings, 2002, chapter 4), so that the
 * steps are at most length of the text × (literals / 32 + 1), whatever both hold: they are other people's.
 */
export function matchesGlob(glob: Glob, text: string): boolean {
  if ('literal' in glob) return glob.literal === text;
  if ('before' in glob) return matchesAround(glob, text);
  const { literals, behind, takesSlash, takesOthers } = glob;
  if (text.length < literals) return false;
  const reached = new Uint32Array(takesOthers.length);
  reached[0] = 1;
  for (const character of text) {
    const entered = behind.get(character);
    const taken = character === '/' ? takesSlash : takesOthers;
    let carry = 0;
    let anywhere = 0;
    for (let word = 0; word < reached.length; word++) {
      const before = reached[word] ?? 0;
      const after =
        (((before << 1) | carry) & (entered?.[word] ?? 0)) | // on, behind the character itself
        (before & (taken[word] ?? 0)); // or still at the wildcard
      carry = before >>> (WORD - 1);
      reached[word] = after;
      anywhere |= after;
    }
    if (anywhere === 0) return false;
  }
  return (((reached[Math.floor(literals / WORD)] ?? 0) >>> (literals % WORD)) & 1) === 1;
}

function matchesAround({ before, after, takesSlash }: OneWildcard, text: string): boolean {
  const end = text.length - after.length;
  if (end < before.length || !text.startsWith(before) || !text.endsWith(after)) return false;
  if (takesSlash) return true;
  const slash = text.indexOf('/', before.length);
  return slash < 0 || slash >= end;
}
