/** What somebody meant who wrote a word that is not there. */

/** As many letters of a word may be wrong: one of each so many, and one at least. */
const LETTERS_FOR_EACH_MISTAKE = 4;

/** Of the words the one that is nearest, whatever their case; undefined where none is near. */
export function nearestOf(
  word: string,
  words: readonly string[],
  mostMistakes = Math.max(1, Math.floor(word.length / LETTERS_FOR_EACH_MISTAKE)),
): string | undefined {
  const [nearest] = words
    .filter((one) => Math.abs(one.length - word.length) <= mostMistakes)
    .map((one) => ({ one, mistakes: distance(word.toLowerCase(), one.toLowerCase()) }))
    .filter(({ mistakes }) => mistakes <= mostMistakes)
    .sort((a, b) => a.mistakes - b.mistakes);
  return nearest?.one;
}

/**
 * How many letters have to be put in, taken out, changed, or swapped with the next to make one of the other (Damerau and Levenshtein, as
 * “optimal string alignment”).
 */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  const letters = Array.from(from);
  for (const [above, letter] of letters.entries()) {
    const next = [above + 1];
    for (let index = 1; index <= to.length; index++) {
      const [left = 0, up = 0, corner = 0] = [next[index - 1], row[index], row[index - 1]];
      const isSwapped = letter === to[index - 2] && letters[above - 1] === to[index - 1];
      const swapped = isSwapped ? (before[index - 2] ?? Infinity) : Infinity;
      next.push(Math.min(left + 1, up + 1, corner + (letter === to[index - 1] ? 0 : 1), swapped + 1));
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}
