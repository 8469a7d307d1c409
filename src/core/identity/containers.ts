import type { Container, EphemeralContainer, PodSpec } from '../../api/kubernetes.ts';

/** The three lists in which a pod has containers; sidecars are init containers that restart (KEP-753). */
export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** A container of whatever kind, with its path: `spec.initContainers[0]`. */
export interface PlacedContainer {
  path: string;
  container: Container | EphemeralContainer;
}

/** Every container of the pod, in the order in which they can run. */
export function* containersOf(spec: PodSpec): Generator<PlacedContainer> {
  for (const list of CONTAINER_LISTS) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      yield { path: `spec.${list}[${index}]`, container };
    }
  }
}
