/** Judging as the webhook does it, in the shortest form for tests. */
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { judgeNewPod, judgePodUpdate, type PodFacts, type PodUpdateFacts } from '../envelope/judge-pod.ts';
import { externalKeys } from '../identity/external-identity.ts';
import { identityRequestsOf, requestChange, type IdentityContext } from '../identity/identity-requests.ts';
import { readPod } from '../identity/reading.ts';
import { NO_SURROUNDINGS, type Surroundings } from '../identity/surroundings.ts';
import { aGrant, NOW } from './builders.ts';

export const API_AUDIENCE = 'https://kubernetes.default.svc';

/** A cluster that knows the usual systems, in which a pod's references lead to what is said here. */
export function aContext(surroundings: Partial<Surroundings> = {}): IdentityContext {
  return { surroundings: { ...NO_SURROUNDINGS, ...surroundings }, externalKeys: externalKeys() };
}

const FACTS = {
  apiAudiences: [API_AUDIENCE],
  podsUsed: 0,
  now: NOW,
  required: undefined,
  namespaceLabels: {},
};

type More<Facts extends PodFacts | PodUpdateFacts> = Partial<
  Omit<Facts, 'pod' | 'oldPod' | 'grant' | 'requests' | 'change'> & { identity: IdentityContext }
>;

const orNone = (grant: Stored<TaskGrant> | 'no grant') => (grant === 'no grant' ? undefined : grant);

/** Under the grant of aGrant(), and as its first pod, where nothing else is said. */
export function judge(
  pod: Pod,
  grant: Stored<TaskGrant> | 'no grant' = aGrant(),
  { identity = aContext(), ...more }: More<PodFacts> = {},
): Violation[] {
  const requests = identityRequestsOf(readPod(pod), identity);
  return complete(judgeNewPod({ ...FACTS, pod, grant: orNone(grant), requests, ...more }));
}

/** As {@link judge}. */
export function judgeUpdate(
  oldPod: Pod,
  pod: Pod,
  grant: Stored<TaskGrant> | 'no grant' = aGrant(),
  { identity = aContext(), ...more }: More<PodUpdateFacts> = {},
): Violation[] {
  const change = requestChange(readPod(oldPod), readPod(pod), identity.externalKeys);
  return complete(judgePodUpdate({ ...FACTS, oldPod, pod, change, grant: orNone(grant), ...more }));
}

/**
 * The same violations, each of which says what to do about it.
 * @throws Error with the one that does not
 */
export function complete(violations: readonly Violation[]): Violation[] {
  const mute = violations.find(({ fix }) => fix === '');
  if (mute) throw new Error(`it does not say enough: ${JSON.stringify(mute)}`);
  return [...violations];
}
