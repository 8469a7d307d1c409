/** Namespaces in which every pod carries a grant, or requests no identity at all (taskgrant.dev/enforce: required). */
import type { ServiceAccount } from '../../api/kubernetes.ts';
import type { Violation } from '../decision/violation.ts';
import type { IdentityRequest } from '../identity/request.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../identity/service-account.ts';
import { renderAudience } from './audience.ts';

/** What the namespace's `default` account brings to every pod that names no other. */
export interface DefaultAccount {
  /** Whether the API server mounts its token where a pod says nothing. */
  automounts: boolean;
  pullSecrets: readonly string[];
}

/** As the account says it, and as the API server has it where there is none: it makes one for each namespace. */
export function defaultAccountOf(account: ServiceAccount | undefined): DefaultAccount {
  return {
    automounts: account?.automountServiceAccountToken ?? true,
    pullSecrets: (account?.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []),
  };
}

/** What of the requests is identity. */
export function identityWithoutGrant(
  requests: readonly IdentityRequest[],
  account: DefaultAccount,
): Violation[] {
  return requests.flatMap((request) => {
    const asked = identityIn(request, account);
    if (asked === undefined) return [];
    return [
      {
        code: 'GrantRequired',
        path: request.path,
        asked,
        allowed: 'no identity',
        fix:
          request.kind === 'Automount' || request.kind === 'Token'
            ? 'label the pod with its grant, or set automountServiceAccountToken: false and drop projected tokens'
            : 'label the pod with its grant, or drop this',
      },
    ];
  });
}

/** What identity is asked for, in words; undefined where the request asks for none. */
function identityIn(
  request: IdentityRequest,
  { automounts, pullSecrets }: DefaultAccount,
): string | undefined {
  switch (request.kind) {
    case 'ServiceAccount':
      return request.value === DEFAULT_SERVICE_ACCOUNT ? undefined : `service account ${request.value}`;
    case 'Automount':
      return (request.value ?? automounts) ? 'the token that is mounted by default' : undefined;
    case 'Token':
      return `a token for ${renderAudience(request.value.audience)}`;
    case 'DriverToken':
      return `a token for driver ${request.value.driver}`;
    case 'Certificate':
      return `a certificate of ${request.value.signerName}`;
    case 'Secret':
      return isPullSecret(request) && pullSecrets.includes(request.value)
        ? undefined
        : `Secret ${request.value}`;
    case 'CsiDriver':
      return request.value.mints ? `driver ${request.value.name}, which is handed tokens` : undefined;
    case 'ExternalIdentity':
      return `an identity of ${request.value.system}`;
    case 'NodeAccess':
      return `of its node: ${request.value}`;
    case 'Unresolved':
      return `${request.value.what}: ${request.value.why}`;
    case 'Unjudged':
      return request.value.what;
    case 'TrustBundle':
    case 'Device':
    case 'Image':
    case 'EphemeralContainer':
    case 'SharedProcesses':
    case 'TokenShadow':
      return undefined;
  }
}

/** Only for pulling: the same Secret in a volume is another matter. */
function isPullSecret({ path }: IdentityRequest): boolean {
  return path.startsWith('spec.imagePullSecrets[');
}
