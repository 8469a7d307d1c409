/** RBAC rules taken apart into rights, as the API server takes them apart to compare them. */

/** The API group of Roles and bindings. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** A rule of a Role, and the namespaces in which it holds: in all of them, and outside of any, where they are omitted. */
export interface ScopedRule {
  namespaces?: readonly string[];
  apiGroups?: readonly string[];
  /** As in a Role: `pods`, `pods/exec`, any resource’s `exec`, `*`. */
  resources?: readonly string[];
  /** Every object where omitted or empty. `['']` is only what is asked without a name: all of a list, and every create. */
  resourceNames?: readonly string[];
  nonResourceURLs?: readonly string[];
  verbs: readonly string[];
}

/** One verb on one resource: the smallest thing that a rule can give. */
export interface ResourceRight {
  /** All where omitted. */
  namespace?: string;
  apiGroup: string;
  resource: string;
  /** All objects where omitted. */
  name?: string;
  verb: string;
}

/** One verb on one path of the API server that is no resource: `/healthz`, `/metrics/*`. Never within a namespace. */
export interface UrlRight {
  nonResourceURL: string;
  verb: string;
}

export type Right = ResourceRight | UrlRight;

export function isUrlRight(right: Right): right is UrlRight {
  return 'nonResourceURL' in right;
}

/**
 * Every right that the rules give, in their order, each once.
 *
 * A rule is a product, and so taken apart into all its combinations (k8s.io/component-helpers, auth/rbac/validation,
 * BreakdownRule): bound what comes from outside before.
 */
export function rightsIn(rules: readonly ScopedRule[]): Right[] {
  const rights = new Map<string, Right>();
  for (const rule of rules) for (const right of rightsOf(rule)) rights.set(JSON.stringify(right), right);
  return [...rights.values()];
}

/** {@link rightsIn}, of resources only. */
export function resourceRightsIn(rules: readonly ScopedRule[]): ResourceRight[] {
  return rightsIn(rules).filter((right): right is ResourceRight => !isUrlRight(right));
}

function* rightsOf(rule: ScopedRule): Generator<Right> {
  const { namespaces = [undefined], apiGroups = [], resources = [], nonResourceURLs = [], verbs } = rule;
  const names = rule.resourceNames?.length ? rule.resourceNames : [undefined];
  for (const namespace of namespaces)
    for (const apiGroup of apiGroups)
      for (const resource of resources)
        for (const name of names)
          for (const verb of verbs)
            yield {
              ...(namespace !== undefined && { namespace }),
              apiGroup,
              resource,
              ...(name !== undefined && { name }),
              verb,
            };
  for (const url of nonResourceURLs)
    for (const verb of verbs)
      yield { nonResourceURL: url.endsWith('*') ? `${withoutStars(url)}*` : url, verb };
}

/** The path without the stars at its end, in one pass: it is anybody's, and may be a megabyte of them. */
export function withoutStars(url: string): string {
  let end = url.length;
  while (url[end - 1] === '*') end--;
  return url.slice(0, end);
}

/** The right in words: `get configmaps "tickets" in namespace support`, `create pods/exec`, `get /metrics`. */
export function renderRight(right: Right): string {
  if (isUrlRight(right)) return `${right.verb} ${right.nonResourceURL}`;
  const { namespace, apiGroup, resource, name, verb } = right;
  const which = name === undefined ? '' : ` ${JSON.stringify(name)}`;
  return `${verb} ${renderKind(apiGroup, resource)}${which}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}

/** `configmaps`, `deployments.apps/scale`. */
export function renderKind(apiGroup: string, resource: string): string {
  const slash = resource.indexOf('/');
  const [kind, subresource] = slash < 0 ? [resource, ''] : [resource.slice(0, slash), resource.slice(slash)];
  return `${apiGroup === '' ? kind : `${kind}.${apiGroup}`}${subresource}`;
}
