/** Names of objects in rules: of thousands, those from which something follows. */
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import { compare } from '../compare.ts';
import { DANGERS } from './risk.ts';

/** What stands for all names from which nothing follows but that the rule has some. */
const ANOTHER = 'another';

const TOLD_APART: ReadonlySet<string> = new Set(
  DANGERS.flatMap(({ rights, together = [] }) => [...rights, ...together.flat()]).flatMap(
    ({ names = [] }) => names,
  ),
);

/**
 * Of the names in a rule, each once and in order: whether it is for requests without one (the empty name), those that can be a grant’s
 * account, those that rights lead further by, and whether there are others.
 */
export function namesThatCount(names: readonly string[]): string[] {
  const those = names.map((name) =>
    name === '' || name.startsWith(SERVICE_ACCOUNT_PREFIX) || TOLD_APART.has(name) ? name : ANOTHER,
  );
  return [...new Set(those)].sort(compare);
}
