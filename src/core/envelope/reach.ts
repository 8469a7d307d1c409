/** The namespaces in which a grant gives rights. */
import type { TaskGrant } from '../../api/taskgrant.ts';

/** Its own namespace, and then each that its envelope names, once. */
export function namespacesReached({ metadata, spec }: Pick<TaskGrant, 'metadata' | 'spec'>): string[] {
  const named = (spec.envelope.kubernetes ?? []).flatMap(({ namespaces = [] }) => namespaces);
  return [...new Set([metadata.namespace, ...named])];
}

/** No reason to refuse it: somebody may be about to create the namespace, with the same command even. */
export function noSuchNamespace(name: string): string {
  return `without namespace ${name} the TaskGrant is denied, and there is none`;
}
