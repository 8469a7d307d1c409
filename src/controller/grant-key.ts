/** To which grant an object belongs, as `namespace/name`: what the caches are indexed by, and what the queue holds. */
import { GRANT_LABEL, GRANT_NAMESPACE_LABEL } from '../api/group.ts';
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { isPlacedFor } from '../core/names.ts';

export function keyOfGrant({ metadata }: TaskGrant): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** The grant that an object was made for, by its labels; none where it does not stand in the place of such an object. */
export function grantKeyOfIssued({ kind, metadata }: KubernetesObject): string[] {
  const { [GRANT_NAMESPACE_LABEL]: namespace = '', [GRANT_LABEL]: name = '' } = metadata.labels ?? {};
  const object = { kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
  return namespace !== '' && name !== '' && isPlacedFor(object, { namespace, name })
    ? [`${namespace}/${name}`]
    : [];
}

/** The grant that a pod names. The value of a label may be empty, and no grant has such a name. */
export function grantKeyOfPod({ metadata }: KubernetesObject): string[] {
  const { namespace = '', labels = {} } = metadata;
  const name = labels[GRANT_LABEL] ?? '';
  return namespace !== '' && name !== '' ? [`${namespace}/${name}`] : [];
}
