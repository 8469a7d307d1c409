/** Which kinds an API server has by itself, out of its own discovery (meta/v1, APIGroupList and APIResourceList). */
import type { BuiltInKinds } from '../src/core/rules/scope.ts';

/** What is read of one version of a group: `/api/v1`, `/apis/apps/v1`. */
export interface ResourceList {
  /** `v1`, `apps/v1`. */
  groupVersion: string;
  resources: { name: string; namespaced: boolean }[];
}

/** Every kind by its group, of whichever version; subresources are in the scope of what they are of. */
export function builtInKinds(lists: readonly ResourceList[]): BuiltInKinds {
  const scopes = new Map<string, { cluster: Set<string>; namespaced: Set<string> }>();
  for (const { groupVersion, resources } of lists) {
    const group = groupVersion.includes('/') ? (groupVersion.split('/')[0] ?? '') : '';
    const { cluster, namespaced } = scopes.get(group) ?? { cluster: new Set(), namespaced: new Set() };
    scopes.set(group, { cluster, namespaced });
    for (const { name, namespaced: isNamespaced } of resources)
      if (!name.includes('/')) (isNamespaced ? namespaced : cluster).add(name);
  }
  return Object.fromEntries(
    [...scopes]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, { cluster, namespaced }]) => [
        group,
        { cluster: [...cluster].toSorted(), namespaced: [...namespaced].toSorted() },
      ]),
  );
}
