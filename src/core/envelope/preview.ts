/** How a pod would be judged, before it is one: a workload's template, or a manifest in a file. */
import type { Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { inject } from '../injection/inject.ts';
import { identityRequestsOf, type IdentityContext } from '../identity/identity-requests.ts';
import { readPod, type Reading } from '../identity/reading.ts';
import { tooMuchIn } from '../identity/size.ts';
import { isOver } from './grant-in-force.ts';
import { grantNameOf, judgeGrant, judgeNewPod, type PodFacts } from './judge-pod.ts';

export interface PreviewFacts extends Omit<PodFacts, 'podsUsed' | 'requests'> {
  /** The pod, read. */
  reading: Reading;
  identity: IdentityContext;
}

/** In place of the account's name, which nobody knows before the grant is active. */
const FUTURE_ACCOUNT = 'the account that is made for the grant';

/**
 * Everything that will be wrong with the pod once it is created, as far as that hangs on the pod and on what its grant says:
 * not on whether the grant is active yet, or has pods left. What the author leaves open counts as filled in.
 */
export function previewPod(facts: PreviewFacts): Violation[] {
  const { pod, grant, apiAudiences, now } = facts;
  const name = grantNameOf(pod);
  if (name === undefined || !grant) return judged(facts);
  const activated = asActive(grant, now);
  const ended = isOver(grant) ? judgeGrant(name, { grant, apiAudiences, now }) : [];
  return [...ended, ...judged(filledIn({ ...facts, grant: activated }))];
}

function judged({ reading, identity, ...facts }: PreviewFacts): Violation[] {
  return judgeNewPod({ ...facts, requests: identityRequestsOf(reading, identity), podsUsed: 0 });
}

/** The grant as it will be when it takes the pod. */
function asActive(grant: Stored<TaskGrant>, now: number): Stored<TaskGrant> {
  const metadata = { ...grant.metadata };
  delete metadata.deletionTimestamp;
  return {
    ...grant,
    metadata,
    spec: { ...grant.spec, revoke: false, suspend: false },
    status: {
      phase: 'Active',
      serviceAccountName: grant.status?.serviceAccountName ?? FUTURE_ACCOUNT,
      activatedAt: new Date(now).toISOString(),
    },
  };
}

/** A pod that is not shaped as one, or is more than a pod is, is left as it is: judging it says so. */
function filledIn(facts: PreviewFacts & { grant: Stored<TaskGrant> }): PreviewFacts {
  const { pod, reading, grant, apiAudiences, now, identity } = facts;
  if (!reading.pod || reading.faults.length > 0 || tooMuchIn(reading.pod)) return facts;
  const filled = inject({ ...pod, ...reading.pod }, { grant, defaultPullSecrets: [], apiAudiences, now }).pod;
  // What the pod's own account has on it says nothing of the grant's, which has what the envelope says.
  const hasItsOwn = filled.spec?.serviceAccountName === pod.spec?.serviceAccountName;
  const surroundings = hasItsOwn
    ? identity.surroundings
    : { ...identity.surroundings, accountAnnotations: {} };
  return { ...facts, pod: filled, reading: readPod(filled), identity: { ...identity, surroundings } };
}
