/** Which kinds an API server has by itself, out of its own discovery (meta/v1, APIGroupList and APIResourceList). */
import type { BuiltInKinds } from '../src/core/rules/scope.ts';

/** What is read of one version of a group: `/api/v1`, `/apis/apps/v1`. */
export interface ResourceList {
  /** `v1`, `apps/v1`. */
  groupVersion: string;
  resources: {
    /** `pods`, `pods/log`. */
    name: string;
    /** `pod`; empty for a subresource. */
    singularName: string;
    /** `po` */
    shortNames?: string[];
    namespaced: boolean;
  }[];
}

/** Every kind and every subresource by its group, of whichever version; subresources are in the scope of what they are of. */
export function builtInKinds(lists: readonly ResourceList[]): BuiltInKinds {
  const scopes = new Map<string, { cluster: Set<string>; namespaced: Set<string> }>();
  for (const { groupVersion, resources } of lists) {
    const group = groupVersion.includes('/') ? (groupVersion.split('/')[0] ?? '') : '';
    const { cluster, namespaced } = scopes.get(group) ?? { cluster: new Set(), namespaced: new Set() };
    scopes.set(group, { cluster, namespaced });
    for (const { name, namespaced: isNamespaced } of resources)
      (isNamespaced ? namespaced : cluster).add(name);
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

/**
 * The name in rules of every kind by its other names, which kubectl takes as well: the singular, which is the name of the object’s
 * `kind` in lower case, and the short ones.
 */
export function otherNames(lists: readonly ResourceList[]): Record<string, string> {
  const names = lists.flatMap(({ resources }) =>
    resources.flatMap(({ name, singularName, shortNames = [] }) =>
      [singularName, ...shortNames]
        .filter((other) => other !== '' && other !== name)
        .map((other) => [other, name] as const),
    ),
  );
  return Object.fromEntries(names.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
