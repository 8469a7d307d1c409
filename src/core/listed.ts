/** Lists in a sentence. */

/** Enough to begin to mend with: the rest is found once these are gone, and by kubectl get -o yaml. */
const MOST_LISTED = 4;

/** `a, b, c, d, and 3 more` */
export function listed(names: readonly string[]): string {
  return inBrief(names).join(', ');
}

/** The same in parts. */
export function inBrief(names: readonly string[]): string[] {
  const more = names.length - MOST_LISTED;
  return [...names.slice(0, MOST_LISTED), ...(more > 0 ? [`and ${more} more`] : [])];
}
