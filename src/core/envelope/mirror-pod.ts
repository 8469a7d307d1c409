import type { Pod, UserInfo } from '../../api/kubernetes.ts';
import { isNode } from '../names.ts';

/** On the API server's image of a static pod, set by the kubelet that runs it (core/v1, MirrorPodAnnotationKey). */
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

export function isMirrorPod({ metadata }: Pick<Pod, 'metadata'>): boolean {
  return metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}

/**
 * Whether a node reports a static pod of its own: the annotation and the node's identity together, since anybody can
 * write an annotation. Such a pod runs already, and the ServiceAccount and NodeRestriction plugins see to it that it
 * names no service account, Secret or claim.
 */
export function isOwnMirrorPod(pod: Pod, user: UserInfo): boolean {
  const nodeName = pod.spec?.nodeName ?? '';
  return isMirrorPod(pod) && nodeName !== '' && isNode(nodeName, user);
}
