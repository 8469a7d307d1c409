import type { PodSpec, Volume } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';
import { projectedSources } from './volumes.ts';

/**
 * Every Secret that the pod references, `optional: true` or not: by environment, by volume, by a storage driver, for pulling
 * images.
 */
export function* secrets(spec: PodSpec): Generator<IdentityRequest<'Secret'>> {
  yield* inEnvironments(spec);
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    yield* inVolume(volume, `spec.volumes[${index}]`);
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

/** The types of volumes that take a Secret for a storage system, in a field `secretRef` (core/v1, VolumeSource). */
const WITH_SECRET_REF = [
  'cephfs',
  'cinder',
  'flexVolume',
  'iscsi',
  'rbd',
  'scaleIO',
  'storageos',
] as const satisfies (keyof Volume)[];

function* inVolume(volume: Volume, path: string): Generator<IdentityRequest<'Secret'>> {
  const { secret, csi, azureFile } = volume;
  if (secret) yield asking(secret.secretName, `${path}.secret.secretName`);
  if (csi?.nodePublishSecretRef) {
    yield asking(csi.nodePublishSecretRef.name, `${path}.csi.nodePublishSecretRef.name`);
  }
  if (azureFile) yield asking(azureFile.secretName, `${path}.azureFile.secretName`);
  for (const type of WITH_SECRET_REF) {
    const reference = volume[type]?.secretRef;
    if (reference) yield asking(reference.name, `${path}.${type}.secretRef.name`);
  }
}

/** A reference without a name is valid in old API versions and names nothing that exists; it is judged as it stands. */
function asking(name: string | undefined, path: string): IdentityRequest<'Secret'> {
  return { kind: 'Secret', value: name ?? '', path };
}
