/** Rules of others, which may be a megabyte: each right once, in as few rules as that takes, and no more than are looked at. */
import { compare } from '../compare.ts';
import { namesThatCount } from './names.ts';
import type { ScopedRule } from './right.ts';

/**
 * Stands in the place of rules that are too many to be looked at. What is not known may be anything: no rating is worse, and whoever
 * holds it reaches what anybody reaches. Known by what it is, and not by what is in it: rules that say the same are not too many.
 */
export const TOO_MANY: readonly ScopedRule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

/**
 * How many rights are kept of a role. Kubernetes' own `admin` has some hundreds. Whoever may write Roles in a namespace may write any number
 * of them: 1024 small rules are a quarter of a MiB of heap. ClusterRoles are a cluster admin's, and grow with each CRD that is aggregated.
 */
export const MOST_RIGHTS = { Role: 1024, ClusterRole: 16_384 } as const;

/** As many letters as are in any right of Kubernetes, and of most CRDs. A right with more counts as often as they go into it. */
const LETTERS_OF_A_RIGHT = 128;

/** `*` as a resource or as a group is compared with all that is known of any, which takes that much longer; both together, for both. */
const WEIGHT_OF_ALL = 8;

/**
 * How often, on average, rules may say the same right in other words before they are too many as well: to see that they do takes time. (The
 * same rule again is no rule more.)
 */
const MOST_OVERLAP = 16;

/**
 * The same rights, and the same for all rules that give them: whatever order these are in, how they are split, and how often they are repeated.
 * Of names of objects are left those that something follows from.
 *
 * @param most how many rights; {@link TOO_MANY} where there are more
 */
export function compacted(rules: readonly ScopedRule[], most: number): readonly ScopedRule[] {
  const rights = new Map<string, Words>();
  let [weight, steps] = [0, 0];
  for (const rule of eachOnce(rules)) {
    if (countOf(rule) > most) return TOO_MANY;
    for (const right of rightsByWord(rule)) {
      const its = weightOfOne(right);
      steps += its;
      // Before it is looked for: a word may be a megabyte, and stand in each of them.
      if (its > most || steps > most * MOST_OVERLAP) return TOO_MANY;
      const key = JSON.stringify(right);
      if (rights.has(key)) continue;
      weight += its;
      if (weight > most) return TOO_MANY;
      rights.set(
        key,
        right.map((word) => [word]),
      );
    }
  }
  return gathered([...rights].sort(([a], [b]) => compare(a, b)).map(([, right]) => right));
}

/** As many rights as the rules give, however often each; Infinity where that is more than `most`. */
export function weightOf(rules: readonly ScopedRule[], most: number): number {
  if (rules === TOO_MANY) return Infinity;
  let weight = 0;
  for (const rule of rules) {
    if (countOf(rule) > most) return Infinity;
    for (const right of rightsByWord(rule)) weight += weightOfOne(right);
    if (weight > most) return Infinity;
  }
  return weight;
}

/** A right, word by word: verb and path; verb, resource and group; or these and a name. */
type Right = readonly string[];
/** Several of one kind: all that their words make together. */
type Words = readonly (readonly string[])[];

function* rightsByWord({
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
  verbs,
}: ScopedRule): Generator<Right> {
  for (const verb of verbs) {
    for (const url of nonResourceURLs) yield [verb, url];
    for (const resource of resources)
      for (const apiGroup of apiGroups)
        if (resourceNames.length === 0) yield [verb, resource, apiGroup];
        else for (const name of resourceNames) yield [verb, resource, apiGroup, name];
  }
}

function weightOfOne(right: Right): number {
  const letters = right.reduce((sum, word) => sum + word.length, 0);
  const [, resource, apiGroup] = right;
  return (
    Math.max(1, Math.ceil(letters / LETTERS_OF_A_RIGHT)) *
    (resource === '*' ? WEIGHT_OF_ALL : 1) *
    (apiGroup === '*' ? WEIGHT_OF_ALL : 1)
  );
}

/** How many rights a rule gives. Words that lead to none, as those of a rule without verbs, count too: to read them takes time. */
function countOf({
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
  verbs,
}: ScopedRule): number {
  const product = (...counts: number[]) => counts.reduce((all, count) => all * Math.max(1, count), 1);
  const isOfResources = apiGroups.length + resources.length > 0;
  const targets = isOfResources ? product(apiGroups.length, resources.length, resourceNames.length) : 0;
  return (targets + nonResourceURLs.length) * Math.max(1, verbs.length);
}

/** Without rules, and without words of a rule, that are repeated. */
function eachOnce(rules: readonly ScopedRule[]): ScopedRule[] {
  const once = (words: readonly string[]) => [...new Set(words)].sort();
  const byText = new Map<string, ScopedRule>();
  for (const { apiGroups, resources, resourceNames, nonResourceURLs, verbs } of rules) {
    const rule: ScopedRule = {
      ...(apiGroups && { apiGroups: once(apiGroups) }),
      ...(resources && { resources: once(resources) }),
      ...(resourceNames && { resourceNames: namesThatCount(resourceNames) }),
      ...(nonResourceURLs && { nonResourceURLs: once(nonResourceURLs) }),
      verbs: once(verbs),
    };
    byText.set(JSON.stringify(rule), rule);
  }
  return [...byText.values()];
}

/** In few rules, as people would write them: by verbs first, then by resources, groups and names. */
function gathered(rights: readonly Words[]): ScopedRule[] {
  return [0, 1, 2, 3]
    .reduce(gatheredBy, rights)
    .map(([verbs = [], first = [], apiGroups, resourceNames]) =>
      apiGroups
        ? { apiGroups, resources: first, ...(resourceNames && { resourceNames }), verbs }
        : { nonResourceURLs: first, verbs },
    );
}

/** Those put together that differ in one place alone. */
function gatheredBy(rights: readonly Words[], place: number): readonly Words[] {
  const alike = new Map<string, Words[]>();
  for (const right of rights) {
    const key = JSON.stringify(place < right.length ? right.with(place, []) : right);
    const those = alike.get(key) ?? [];
    those.push(right);
    alike.set(key, those);
  }
  return [...alike.values()].map((those) => {
    const [first = [], ...others] = those;
    return others.length > 0
      ? first.with(
          place,
          those.flatMap((one) => one[place] ?? []),
        )
      : first;
  });
}
