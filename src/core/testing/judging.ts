/** Judging as the webhook does it, in the shortest form for tests. */
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { judgeNewPod, judgePodUpdate, type PodFacts } from '../envelope/judge-pod.ts';
import { aGrant, NOW } from './builders.ts';

export const API_AUDIENCE = 'https://kubernetes.default.svc';

const facts: Pick<PodFacts, 'apiAudiences' | 'podsUsed' | 'now'> = {
  apiAudiences: [API_AUDIENCE],
  podsUsed: 0,
  now: NOW,
};

/** Under the grant of aGrant() where none is given. */
export function judge(
  pod: Pod,
  grant: Stored<TaskGrant> | 'no grant' = aGrant(),
  more: Partial<Pick<PodFacts, 'podsUsed' | 'now'>> = {},
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
