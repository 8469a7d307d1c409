/**
 * Rules of a Role that give nothing, though the API server takes them without a word: resources that Kubernetes does not have, and kinds
 * that are in no namespace (kubernetes, pkg/apis/rbac/validation, ValidatePolicyRule).
 */
import { BUILT_IN_KINDS } from './built-in-kinds.ts';
import type { ScopedRule } from './right.ts';
import type { Misspelling } from './spelling.ts';
import { calledInRules, isAboutRequests, isBuiltIn, unknownIn } from './unknown.ts';

/** The resources of each group, by whether they are in namespaces. */
export type BuiltInKinds = Readonly<
  Record<string, { readonly cluster: readonly string[]; readonly namespaced: readonly string[] }>
>;

/** A request on a Namespace by its name is one in that namespace (k8s.io/apiserver, endpoints/request, RequestInfo). */
const ON_ONE_NAMESPACE = ['get', 'update', 'patch', 'delete'];

/** Every resource of the rule that gives nothing in a namespace. Of groups that are not Kubernetes’ own nothing is said. */
export function givingNothingIn(rule: ScopedRule): Misspelling[] {
  const outside = inNoNamespace(rule);
  const told = new Set(outside.map(({ path }) => path));
  return [...outside, ...unknownIn(rule).filter(({ path }) => !told.has(path))];
}

/** Whatever its name and group would have to be. */
function inNoNamespace({ apiGroups = [], resources = [], verbs }: ScopedRule): Misspelling[] {
  if (!apiGroups.every(isBuiltIn) || !verbs.every(isAboutRequests)) return [];
  return resources.flatMap((asked, index) => {
    const kind = calledInRules(asked.split('/')[0] ?? '');
    if (!CLUSTER_KINDS.has(kind)) return [];
    if (kind === 'namespaces' && verbs.some((verb) => ON_ONE_NAMESPACE.includes(verb))) return [];
    return [{ path: `resources[${index}]`, asked, ...IN_NO_NAMESPACE }];
  });
}

/** No name is that of kinds of both scopes: a test of the generated list holds it. */
const CLUSTER_KINDS = new Set(Object.values(BUILT_IN_KINDS).flatMap(({ cluster }) => cluster));

const IN_NO_NAMESPACE = {
  because: 'it is in no namespace, as a Role is',
  fix: 'leave it out: only a ClusterRoleBinding gives it',
};
