import type { PodSpec } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';

/** What a pod runs as that names no service account (plugin/pkg/admission/serviceaccount). */
export const DEFAULT_SERVICE_ACCOUNT = 'default';

/**
 * The service account, by both of its fields. `serviceAccount` is the deprecated alias of `serviceAccountName`; the
 * API server keeps them equal, and a file may have either.
 */
export function* serviceAccounts({
  serviceAccountName,
  serviceAccount,
}: PodSpec): Generator<IdentityRequest<'ServiceAccount'>> {
  if (serviceAccountName || !serviceAccount) {
    yield {
      kind: 'ServiceAccount',
      value: serviceAccountName || DEFAULT_SERVICE_ACCOUNT,
      path: 'spec.serviceAccountName',
    };
  }
  if (serviceAccount && serviceAccount !== serviceAccountName) {
    yield { kind: 'ServiceAccount', value: serviceAccount, path: 'spec.serviceAccount' };
  }
}

/** Whether the API server mounts a token by itself. */
export function* automount({
  automountServiceAccountToken,
}: PodSpec): Generator<IdentityRequest<'Automount'>> {
  yield { kind: 'Automount', value: automountServiceAccountToken, path: 'spec.automountServiceAccountToken' };
}
