/** What a pod's author leaves open, filled in from its grant. */
import type { Pod, PodSpec, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../identity/service-account.ts';
import { expiryOf } from '../lifecycle/ending.ts';
import { withoutBuiltInToken, withoutCopiedPullSecrets } from './built-in.ts';
import { withTokens } from './tokens.ts';

export interface InjectionFacts {
  /** An active one: its service account exists, and its end is known. */
  grant: Stored<TaskGrant>;
  /** The names in the imagePullSecrets of the namespace's `default` account. */
  defaultPullSecrets: readonly string[];
  /** What the API server calls itself: see envelope/audience.ts. */
  apiAudiences: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
}

export interface Injected {
  pod: Pod;
  /** For the pod's author, each at most 120 characters. */
  warnings: string[];
}

/**
 * The pod with the grant's identity in it: account, no default token, the envelope's tokens, a deadline. Done again
 * on its own result it changes nothing, since the API server may call a webhook twice (reinvocationPolicy).
 */
export function inject(pod: Pod, facts: InjectionFacts): Injected {
  if (!pod.spec) return { pod, warnings: [] };
  const { envelope } = facts.grant.spec;
  const runsAsDefault = isLeftOpen(pod.spec);
  let spec = withoutBuiltInToken(pod.spec);
  if (runsAsDefault) {
    spec = withoutCopiedPullSecrets(spec, facts.defaultPullSecrets, envelope.secrets ?? []);
  }
  spec = withAccount(spec, facts.grant.status?.serviceAccountName);
  spec = withTokens(spec, envelope.tokens ?? [], facts.apiAudiences);
  const bounded = withDeadline(spec, facts);
  return { pod: { ...pod, spec: bounded.spec }, warnings: bounded.warnings };
}

/** Called again for the same pod, moments later, there are a few seconds less: that is no news to the author. */
const REINVOCATION_SECONDS = 30;

/** Whether nobody named an account; the plugin has filled in `default` by now. */
function isLeftOpen({ serviceAccountName, serviceAccount }: PodSpec): boolean {
  return [serviceAccountName, serviceAccount].every((name) => !name || name === DEFAULT_SERVICE_ACCOUNT);
}

/** An account that the author named stays, to be refused by name; so does an automount that he asked for. */
function withAccount(spec: PodSpec, serviceAccountName: string | undefined): PodSpec {
  const automountServiceAccountToken = spec.automountServiceAccountToken ?? false;
  if (serviceAccountName === undefined || !isLeftOpen(spec)) return { ...spec, automountServiceAccountToken };
  return {
    ...spec,
    serviceAccountName,
    serviceAccount: serviceAccountName,
    automountServiceAccountToken,
  };
}

/**
 * Ends the pod with its grant, by the node's own clock, should everything else fail. A grant that leaves its pods
 * running (completion.podsRunning) sets no deadline: they go on without an identity.
 */
function withDeadline(spec: PodSpec, { grant, now }: InjectionFacts): { spec: PodSpec; warnings: string[] } {
  const end = expiryOf({ grant });
  if (end === undefined || grant.spec.completion.podsRunning === 'Leave') return { spec, warnings: [] };
  // The API server takes no deadline below 1 s; a grant that is over by then is refused anyway.
  const left = Math.max(1, Math.floor((end - now) / 1000));
  const wanted = spec.activeDeadlineSeconds;
  if (wanted !== undefined && wanted <= left) return { spec, warnings: [] };
  const isWorthSaying = wanted !== undefined && wanted - left > REINVOCATION_SECONDS;
  return {
    spec: { ...spec, activeDeadlineSeconds: left },
    warnings: !isWorthSaying
      ? []
      : [`spec.activeDeadlineSeconds: shortened from ${wanted} to ${left}, when the TaskGrant ends`],
  };
}
