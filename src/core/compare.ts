/** By UTF-16 code units, which no locale changes: for lists that have to be the same everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
