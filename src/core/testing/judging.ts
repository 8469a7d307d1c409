/** Judging as the webhook does it, in the shortest form for tests. */
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { judgeNewPod, judgePodUpdate, type PodFacts } from '../envelope/judge-pod.ts';
import { externalKeys } from '../identity/external-identity.ts';
import type { IdentityContext } from '../identity/identity-requests.ts';
import { NO_SURROUNDINGS, type Surroundings } from '../identity/surroundings.ts';
import { aGrant, NOW } from './builders.ts';

export const API_AUDIENCE = 'https://kubernetes.default.svc';

/** A cluster that knows the usual systems, in which a pod's references lead to what is said here. */
export function aContext(surroundings: Partial<Surroundings> = {}): IdentityContext {
  return { surroundings: { ...NO_SURROUNDINGS, ...surroundings }, externalKeys: externalKeys() };
}

const facts: Omit<PodFacts, 'pod' | 'grant'> = {
  apiAudiences: [API_AUDIENCE],
  podsUsed: 0,
  now: NOW,
  required: undefined,
  identity: aContext(),
};

/** Under the grant of aGrant() where none is given. */
export function judge(
  pod: Pod,
  grant: Stored<TaskGrant> | 'no grant' = aGrant(),
  more: Partial<Omit<PodFacts, 'pod' | 'grant'>> = {},
): Violation[] {
  return judgeNewPod({ ...facts, pod, grant: grant === 'no grant' ? undefined : grant, ...more });
}

export function judgeUpdate(
  oldPod: Pod,
  pod: Pod,
  grant: Stored<TaskGrant> | undefined = aGrant(),
): Violation[] {
  return judgePodUpdate({ ...facts, oldPod, pod, grant });
}
