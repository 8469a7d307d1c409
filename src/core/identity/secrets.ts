import type { PodSpec } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';
import { projectedSources, unknownKeys } from './volumes.ts';

/**
 * Every Secret that the pod references, `optional: true` or not: by environment, by volume, by a driver's
 * nodePublishSecretRef, for pulling images.
 */
export function* secrets(spec: PodSpec): Generator<IdentityRequest<'Secret'>> {
  yield* inEnvironments(spec);
  for (const [index, { secret, csi }] of (spec.volumes ?? []).entries()) {
    if (secret) yield asking(secret.secretName, `spec.volumes[${index}].secret.secretName`);
    const forDriver = csi?.nodePublishSecretRef;
    if (forDriver) yield asking(forDriver.name, `spec.volumes[${index}].csi.nodePublishSecretRef.name`);
  }
  for (const { path, source } of projectedSources(spec)) {
    if (source.secret) yield asking(source.secret.name, `${path}.secret.name`);
  }
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    yield asking(name, `spec.imagePullSecrets[${index}].name`);
  }
}

function* inEnvironments(spec: PodSpec): Generator<IdentityRequest<'Secret'>> {
  for (const { path, container } of containersOf(spec)) {
    for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
      const secret = valueFrom?.secretKeyRef;
      if (secret) yield asking(secret.name, `${path}.env[${index}].valueFrom.secretKeyRef.name`);
    }
    for (const [index, { secretRef }] of (container.envFrom ?? []).entries()) {
      if (secretRef) yield asking(secretRef.name, `${path}.envFrom[${index}].secretRef.name`);
    }
  }
}

/** Where environments may take values from; fileKeyRef reads a file of one of the pod's own volumes (KEP-3721). */
const KNOWN_VALUES = ['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'];
const KNOWN_ENVIRONMENTS = ['configMapRef', 'prefix', 'secretRef'];

/** Sources of environments that are not known. */
export function* unknownEnvironments(spec: PodSpec): Generator<IdentityRequest<'Unjudged'>> {
  for (const { path, container } of containersOf(spec)) {
    for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
      yield* unknownKeys(valueFrom ?? {}, `${path}.env[${index}].valueFrom`, KNOWN_VALUES);
    }
    for (const [index, source] of (container.envFrom ?? []).entries()) {
      yield* unknownKeys(source, `${path}.envFrom[${index}]`, KNOWN_ENVIRONMENTS);
    }
  }
}

/** A reference without a name is valid in old API versions and names nothing that exists; it is judged as it stands. */
function asking(name: string | undefined, path: string): IdentityRequest<'Secret'> {
  return { kind: 'Secret', value: name ?? '', path };
}
