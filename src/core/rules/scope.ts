/**
 * Rules of a Role that give nothing, though each of their words is one: kinds that are in no namespace, and kinds of another group. The
 * API server takes both without a word (kubernetes, pkg/apis/rbac/validation, ValidatePolicyRule).
 */
import { BUILT_IN_KINDS } from './built-in-kinds.ts';
import type { ScopedRule } from './right.ts';
import type { Misspelling } from './spelling.ts';

/** The resources of each group, by whether they are in namespaces. */
export type BuiltInKinds = Readonly<
  Record<string, { readonly cluster: readonly string[]; readonly namespaced: readonly string[] }>
>;

/** Other verbs are asked about by some program, of whatever it likes, and in namespaces too: `bind` on clusterroles, say. */
const REQUESTS = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']);

/** A request on a Namespace by its name is one in that namespace (k8s.io/apiserver, endpoints/request, RequestInfo). */
const ON_ONE_NAMESPACE = ['get', 'update', 'patch', 'delete'];

/** Every resource of the rule that gives nothing in a namespace. Of groups and kinds that are not Kubernetes’ own nothing is said. */
export function givingNothingIn({ apiGroups = [], resources = [], verbs }: ScopedRule): Misspelling[] {
  if (!verbs.every((verb) => REQUESTS.has(verb))) return [];
  return resources.flatMap((asked, index) => {
    const [kind = ''] = asked.split('/');
    const groups = apiGroups.map((group) =>
      Object.hasOwn(BUILT_IN_KINDS, group) ? BUILT_IN_KINDS[group] : undefined,
    );
    if (groups.some((group) => group?.namespaced.includes(kind) ?? true)) return [];
    if (kind === 'namespaces' && verbs.some((verb) => ON_ONE_NAMESPACE.includes(verb))) return [];
    const fault = groups.some((group) => group?.cluster.includes(kind))
      ? IN_NO_NAMESPACE
      : ofOtherGroup(kind);
    return fault ? [{ path: `resources[${index}]`, asked, ...fault }] : [];
  });
}

const IN_NO_NAMESPACE = {
  because: 'it is in no namespace, as a Role is',
  fix: 'leave it out: only a ClusterRoleBinding gives it',
};

function ofOtherGroup(kind: string): { because: string; fix: string } | undefined {
  const groups = Object.entries(BUILT_IN_KINDS).flatMap(([group, { namespaced }]) =>
    namespaced.includes(kind) ? [JSON.stringify(group)] : [],
  );
  return groups.length > 0
    ? { because: `it is of the group ${groups.join(' or ')}`, fix: 'write that in apiGroups' }
    : undefined;
}
