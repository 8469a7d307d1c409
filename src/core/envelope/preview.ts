/** How a pod would be judged, before it is one: a workload's template, or a manifest in a file. */
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { inject } from '../injection/inject.ts';
import { readPod } from '../identity/reading.ts';
import type { Surroundings } from '../identity/surroundings.ts';
import { isOver } from './grant-in-force.ts';
import { grantNameOf, judgeGrant, judgeNewPod, type PodFacts } from './judge-pod.ts';

export type PreviewFacts = Omit<PodFacts, 'podsUsed'>;

/** In place of the account's name, which nobody knows before the grant is active. */
const FUTURE_ACCOUNT = 'the account that is made for the grant';

/**
 * Everything that will be wrong with the pod once it is created, as far as that hangs on the pod and on what its grant says:
 * not on whether the grant is active yet, or has pods left. What the author leaves open counts as filled in.
 */
export function previewPod(facts: PreviewFacts): Violation[] {
  const { pod, grant, apiAudiences, now } = facts;
  const name = grantNameOf(pod);
  if (name === undefined || !grant) return judgeNewPod({ ...facts, podsUsed: 0 });
  const activated = asActive(grant, now);
  const ended = isOver(grant) ? judgeGrant(name, { grant, apiAudiences, now }) : [];
  const filled = filledIn(pod, activated, facts);
  return [
    ...ended,
    ...judgeNewPod({
      ...facts,
      pod: filled,
      grant: activated,
      identity: { ...facts.identity, surroundings: surroundingsFor(filled, facts) },
      podsUsed: 0,
    }),
  ];
}

/** What the pod's own account has on it says nothing of the grant's, which has what the envelope says. */
function surroundingsFor(filled: Pod, { pod, identity: { surroundings } }: PreviewFacts): Surroundings {
  const hasItsOwn = filled.spec?.serviceAccountName === pod.spec?.serviceAccountName;
  return hasItsOwn ? surroundings : { ...surroundings, accountAnnotations: {} };
}

/** The grant as it will be when it takes the pod. */
function asActive(grant: Stored<TaskGrant>, now: number): Stored<TaskGrant> {
  const { deletionTimestamp, ...metadata } = grant.metadata;
  const inForce = grant.status?.phase === 'Active' && deletionTimestamp === undefined;
  return {
    ...grant,
    metadata,
    spec: { ...grant.spec, revoke: false },
    status: {
      ...(inForce && grant.status),
      phase: 'Active',
      serviceAccountName: grant.status?.serviceAccountName ?? FUTURE_ACCOUNT,
      activatedAt: new Date(now).toISOString(),
    },
  };
}

/** A pod that is not shaped as one is left as it is: judging it says so. */
function filledIn(pod: Pod, grant: Stored<TaskGrant>, { apiAudiences, now }: PreviewFacts): Pod {
  const reading = readPod(pod);
  if (!reading.pod || reading.faults.length > 0) return pod;
  return inject({ ...pod, ...reading.pod }, { grant, defaultPullSecrets: [], apiAudiences, now }).pod;
}
