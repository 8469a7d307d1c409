/**
 * The paths of what was asked for and is not in the answer. The API server drops some fields without a word, so that an
 * answer of "created" alone says little. Items of a list may stand among others; null asks for nothing to be there.
 */
export function notKept(asked: unknown, kept: unknown, path = ''): string[] {
  if (asked === null || asked === undefined) return kept === undefined || kept === null ? [] : [path];
  if (Array.isArray(asked)) {
    const there: unknown[] = Array.isArray(kept) ? kept : [];
    return asked.flatMap((item, index) =>
      there.some((one) => notKept(item, one).length === 0) ? [] : [`${path}[${index}]`],
    );
  }
  if (typeof asked === 'object') {
    const there = new Map(Object.entries(kept ?? {}));
    return Object.entries(asked).flatMap(([key, value]) => notKept(value, there.get(key), `${path}.${key}`));
  }
  // Quantities are written as numbers and kept as texts.
  return textOf(asked) === textOf(kept) ? [] : [path];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
