import type { PodSpec } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';

/**
 * What brings a pod to its node, and by that to the credentials of the kubelet and of every pod there: as in the
 * baseline profile of the Pod Security Standards. A pod that names its node by itself passes the scheduler by.
 */
export function* nodeAccess(spec: PodSpec): Generator<IdentityRequest<'NodeAccess'>> {
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[field]) yield asking('true', `spec.${field}`);
  }
  if (spec.nodeName) yield asking(spec.nodeName, 'spec.nodeName');
  for (const [index, { hostPath }] of (spec.volumes ?? []).entries()) {
    if (hostPath) yield asking(hostPath.path, `spec.volumes[${index}].hostPath`);
  }
  yield* hostProcess(spec.securityContext, 'spec');
  for (const { path, container } of containersOf(spec)) {
    if (container.securityContext?.privileged) yield asking('true', `${path}.securityContext.privileged`);
    yield* hostProcess(container.securityContext, path);
  }
}

/** Windows containers on the host itself. */
function* hostProcess(
  context: { windowsOptions?: { hostProcess?: boolean } } | undefined,
  path: string,
): Generator<IdentityRequest<'NodeAccess'>> {
  if (context?.windowsOptions?.hostProcess) {
    yield asking('true', `${path}.securityContext.windowsOptions.hostProcess`);
  }
}

function asking(what: string, path: string): IdentityRequest<'NodeAccess'> {
  return { kind: 'NodeAccess', value: what, path };
}
