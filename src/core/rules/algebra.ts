/**
 * What rules give together, compared: whether some cover others, what is left of them, and what two sets have in common. As
 * the API server compares them when somebody writes a Role (the escalation check: k8s.io/component-helpers,
 * auth/rbac/validation, Covers), which e2e/rules holds true against a real one.
 */
import { compare } from '../compare.ts';
import {
  isUrlRight,
  rightsIn,
  withoutStars,
  type ResourceRight,
  type Right,
  type ScopedRule,
  type UrlRight,
} from './right.ts';

const ALL = '*';

/** Whether one rule of the many gives the right. Rights that only several rules give together, the API server sees none in either. */
export function covers(held: readonly ScopedRule[], right: Right): boolean {
  return held.some((rule) => (isUrlRight(right) ? coversUrl(rule, right) : coversResource(rule, right)));
}

/** What is asked and not held, each right once, in the order of what is asked. Nothing left: who holds the one may give the other. */
export function subtract(asked: readonly ScopedRule[], held: readonly ScopedRule[]): Right[] {
  return rightsIn(asked).filter((right) => !covers(held, right));
}

/** What both give, each right once. A request is within it just where it is within both. */
export function intersect(some: readonly ScopedRule[], others: readonly ScopedRule[]): Right[] {
  const both = new Map<string, Right>();
  const theirs = rightsIn(others);
  for (const one of rightsIn(some)) {
    for (const other of theirs) {
      const common = commonOf(one, other);
      if (common) both.set(JSON.stringify(common), common);
    }
  }
  return withoutCovered([...both.values()]);
}

/** The same rights in one form, whatever order the rules are in, how they are split, and how often they are repeated. */
export function normalise(rules: readonly ScopedRule[]): Right[] {
  return withoutCovered(rightsIn(rules)).sort((a, b) => compare(keyOf(a), keyOf(b)));
}

/** The rule that gives one right and no other. */
export function ruleOf(right: Right): ScopedRule {
  if (isUrlRight(right)) return { nonResourceURLs: [right.nonResourceURL], verbs: [right.verb] };
  const { namespace, apiGroup, resource, name, verb } = right;
  return {
    ...(namespace !== undefined && { namespaces: [namespace] }),
    apiGroups: [apiGroup],
    resources: [resource],
    ...(name !== undefined && { resourceNames: [name] }),
    verbs: [verb],
  };
}

function coversResource(
  rule: ScopedRule,
  { namespace, apiGroup, resource, name, verb }: ResourceRight,
): boolean {
  const { namespaces, apiGroups = [], resources = [], resourceNames = [], verbs } = rule;
  if (namespaces && (namespace === undefined || !namespaces.includes(namespace))) return false;
  if (!includes(verbs, verb) || !includes(apiGroups, apiGroup)) return false;
  if (resourceNames.length > 0 && (name === undefined || !resourceNames.includes(name))) return false;
  return resources.some((held) => coversKind(held, resource));
}

/** `*` is every resource with every subresource, and `*` before a slash every resource with that one. */
function coversKind(held: string, asked: string): boolean {
  if (held === ALL || held === asked) return true;
  const slash = asked.indexOf('/');
  return slash >= 0 && held === `${ALL}${asked.slice(slash)}`;
}

function coversUrl({ namespaces, nonResourceURLs = [], verbs }: ScopedRule, right: UrlRight): boolean {
  // Within a namespace there are no such paths: a Role that names one gives nothing.
  if (namespaces || !includes(verbs, right.verb)) return false;
  return nonResourceURLs.some((held) => coversPath(held, right.nonResourceURL));
}

/** A star at the end is everything that begins so. */
function coversPath(held: string, asked: string): boolean {
  if (held === ALL || held === asked) return true;
  return held.endsWith(ALL) && asked.startsWith(withoutStars(held));
}

function includes(held: readonly string[], asked: string): boolean {
  return held.includes(ALL) || held.includes(asked);
}

/** The right that two rights have in common; undefined where there is none. */
function commonOf(one: Right, other: Right): Right | undefined {
  if (isUrlRight(one) || isUrlRight(other)) {
    if (!isUrlRight(one) || !isUrlRight(other)) return undefined;
    const nonResourceURL = narrower(one.nonResourceURL, other.nonResourceURL, coversPath);
    const verb = narrower(one.verb, other.verb, coversWord);
    return nonResourceURL === undefined || verb === undefined ? undefined : { nonResourceURL, verb };
  }
  const namespace = narrowerOrAll(one.namespace, other.namespace);
  const name = narrowerOrAll(one.name, other.name);
  const apiGroup = narrower(one.apiGroup, other.apiGroup, coversWord);
  const resource = narrower(one.resource, other.resource, coversKind);
  const verb = narrower(one.verb, other.verb, coversWord);
  if (namespace === NONE || name === NONE) return undefined;
  if (apiGroup === undefined || resource === undefined || verb === undefined) return undefined;
  return {
    ...(namespace !== undefined && { namespace }),
    apiGroup,
    resource,
    ...(name !== undefined && { name }),
    verb,
  };
}

const NONE = Symbol('nothing in common');

function narrowerOrAll(one: string | undefined, other: string | undefined): string | undefined | typeof NONE {
  if (one === undefined || one === other) return other;
  return other === undefined ? one : NONE;
}

function narrower(
  one: string,
  other: string,
  covers: (held: string, asked: string) => boolean,
): string | undefined {
  if (covers(one, other)) return other;
  return covers(other, one) ? one : undefined;
}

function coversWord(held: string, asked: string): boolean {
  return held === ALL || held === asked;
}

/** Without those that another one covers. */
function withoutCovered(rights: readonly Right[]): Right[] {
  const rules = rights.map(ruleOf);
  return rights.filter(
    (right, index) => !rules.some((rule, other) => other !== index && covers([rule], right)),
  );
}

function keyOf(right: Right): string {
  return JSON.stringify(
    isUrlRight(right)
      ? [1, right.nonResourceURL, right.verb]
      : [0, right.namespace ?? '', right.apiGroup, right.resource, right.name ?? null, right.verb],
  );
}
