import type { PodSpec } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';

/** The image of every container, and of every image volume: its files are programs, too. */
export function* images(spec: PodSpec): Generator<IdentityRequest<'Image'>> {
  for (const { path, container } of containersOf(spec)) {
    yield { kind: 'Image', value: container.image ?? '', path: `${path}.image` };
  }
  for (const [index, { image }] of (spec.volumes ?? []).entries()) {
    if (!image) continue;
    yield { kind: 'Image', value: image.reference ?? '', path: `spec.volumes[${index}].image.reference` };
  }
}

/** Containers that were not there when the pod was created (KEP-277). */
export function* ephemeralContainers(spec: PodSpec): Generator<IdentityRequest<'EphemeralContainer'>> {
  for (const [index, { name }] of (spec.ephemeralContainers ?? []).entries()) {
    yield { kind: 'EphemeralContainer', value: name, path: `spec.ephemeralContainers[${index}]` };
  }
}

/** With one process namespace, each container reads the others' files and memory by /proc (KEP-495). */
export function* sharedProcesses(spec: PodSpec): Generator<IdentityRequest<'SharedProcesses'>> {
  if (!spec.shareProcessNamespace) return;
  const value = [...containersOf(spec)].map(({ container }) => container.image ?? '');
  yield { kind: 'SharedProcesses', value, path: 'spec.shareProcessNamespace' };
}
