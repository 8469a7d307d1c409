/** Namespaces in which every pod carries a grant, or requests no identity at all (taskgrant.dev/enforce: required). */
import type { ServiceAccount } from '../../api/kubernetes.ts';
import { EXTENDED_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import type { IdentityRequest, RequestKind } from '../identity/request.ts';
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
  // As many names as somebody wrote on the account, and as many as somebody wrote in the pod.
  const ofAccount = new Set(account.pullSecrets);
  const automounts = requests.some((request) => request.kind === 'Automount' && isMounted(request, account));
  return requests.flatMap((request) => {
    // The token that is mounted by default is in the pod already when it is judged: it is said once, where its author can change it.
    if (automounts && isBuiltInToken(request)) return [];
    if (isPullSecret(request) && ofAccount.has(request.value)) return [];
    const asked = identityIn(request, account);
    if (asked === undefined) return [];
    return [
      {
        code: 'GrantRequired',
        path: request.path,
        asked,
        allowed: 'no identity',
        fix: FIXES[request.kind] ?? GRANT_OR_NOT,
      },
    ];
  });
}

function isMounted({ value }: IdentityRequest<'Automount'>, { automounts }: DefaultAccount): boolean {
  return value ?? automounts;
}

function isBuiltInToken(request: IdentityRequest): boolean {
  return (
    request.kind === 'Token' &&
    request.value.audience === undefined &&
    request.value.expirationSeconds === EXTENDED_TOKEN_SECONDS
  );
}

const NO_TOKEN =
  'label the pod with its grant, or set automountServiceAccountToken: false and drop projected tokens';
const GRANT_OR_NOT = 'label the pod with its grant, and name it in the grant’s envelope; or drop this';
/** What no envelope can hold. */
const NEVER = 'drop this: with a grant it would be refused as well';

/** Where it is not {@link GRANT_OR_NOT}. */
const FIXES: Readonly<Partial<Record<RequestKind, string>>> = {
  ServiceAccount: 'label the pod with its grant, which has an account of its own, or drop this',
  Automount: NO_TOKEN,
  Token: NO_TOKEN,
  NodeAccess: NEVER,
  Unresolved: 'create first what it refers to, or drop this',
  Unjudged: NEVER,
};

/** What identity is asked for, in words; undefined where the request asks for none. */
function identityIn(request: IdentityRequest, account: DefaultAccount): string | undefined {
  switch (request.kind) {
    case 'ServiceAccount':
      return request.value === DEFAULT_SERVICE_ACCOUNT ? undefined : `service account ${request.value}`;
    case 'Automount':
      return isMounted(request, account) ? 'the token that is mounted by default' : undefined;
    case 'Token':
      return `a token for ${renderAudience(request.value.audience)}`;
    case 'DriverToken':
      return `a token for driver ${request.value.driver}`;
    case 'Certificate':
      return `a certificate of ${request.value.signerName}`;
    case 'Secret':
      return `Secret ${request.value}`;
    case 'CsiDriver':
      if (request.value.mints) return `driver ${request.value.name}, which is handed tokens`;
      // Some give an identity by what the kubelet says of the pod: csi.spiffe.io, csi.cert-manager.io.
      return request.value.by === 'inline' ? `inline driver ${request.value.name}` : undefined;
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
function isPullSecret(request: IdentityRequest): request is IdentityRequest<'Secret'> {
  return request.kind === 'Secret' && request.path.startsWith('spec.imagePullSecrets[');
}
