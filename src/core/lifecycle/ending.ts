/** Whether and why a grant's time is over. */
import { isBeforeActive, isFinal, type FinalPhase } from '../../api/reasons.ts';
import { millisecondsOr } from '../duration.ts';
import { boundDrift, classDrift, issuedDrift, isReasonToEnd } from './drift.ts';
import type { Facts } from './facts.ts';
import type { Obstacle } from './gate.ts';
import { countSucceeded, isComplete, recordPods } from './pods.ts';
import { timeOf } from './facts.ts';

export type EndReason = 'Completed' | 'PodsUsedUp' | 'Expired' | 'Revoked' | 'Deleted' | 'Denied' | 'Drifted';

export interface Ending {
  reason: EndReason;
  message: string;
}

/** The phase in which a grant stands after it ended for this reason. */
export function finalPhaseOf(reason: string): FinalPhase {
  if (reason === 'PodsUsedUp') return 'Completed';
  return isFinal(reason as FinalPhase) ? (reason as FinalPhase) : 'Revoked';
}

/** Why a grant must end now, whether it is active or suspended or was about to be active; the worst reason first. */
export function endingOf(facts: Facts): Ending | undefined {
  const { grant, namespace, now, unrecorded } = facts;
  if (grant.metadata.deletionTimestamp !== undefined) {
    return { reason: 'Deleted', message: 'the TaskGrant was deleted' };
  }
  if (namespace?.metadata.deletionTimestamp !== undefined) {
    return { reason: 'Deleted', message: 'the namespace is being deleted' };
  }
  if (grant.spec.revoke) return { reason: 'Revoked', message: 'spec.revoke is true' };
  const ends = expiryOf(facts);
  const hasExpired = ends !== undefined && ends <= now;
  const completion = completionOf(facts);
  const isOver = hasExpired || completion !== undefined;
  const drift = issuedDrift(facts, { isOver }) ?? boundDrift(facts);
  // What is over anyway need not be suspended.
  if (drift && (isOver || isReasonToEnd(facts, drift))) return { reason: 'Drifted', message: drift.message };
  if (hasExpired) return { reason: 'Expired', message: `the duration of ${grant.spec.duration} is over` };
  if (saysItWasActive(grant))
    return {
      reason: 'Drifted',
      message: 'its status has said since when it is active before it was: somebody else has written it',
    };
  // Pods that are not recorded are not counted: the grant would take any number, one after the other.
  if (unrecorded !== undefined && grant.status?.phase === 'Active')
    return { reason: 'Drifted', message: `cannot be recorded: ${unrecorded}` };
  if (completion) return completion;
  const misfit = classDrift(facts);
  return misfit && isReasonToEnd(facts, misfit) ? { reason: 'Drifted', message: misfit.message } : undefined;
}

/** The controller writes both at once. Whoever could set the time beforehand would say how long the grant lasts. */
function saysItWasActive({ status }: Facts['grant']): boolean {
  return isBeforeActive(status?.phase) && status?.activatedAt !== undefined;
}

function completionOf(facts: Facts): Ending | undefined {
  const { grant, pods } = facts;
  const { phase, pods: recorded = [] } = grant.status ?? {};
  if (phase !== 'Active' && phase !== 'Suspended') return undefined;
  const { maxPods } = grant.spec.workload;
  const { records } = recordPods(recorded, pods, maxPods, timeOf(facts));
  if (!isComplete(records, grant.spec)) return undefined;
  const succeeded = countSucceeded(records);
  return {
    reason: succeeded >= grant.spec.completion.succeeded ? 'Completed' : 'PodsUsedUp',
    message: `${records.length} of ${maxPods} pods were used, ${succeeded} succeeded, none is running`,
  };
}

/** An obstacle that will not go away ends the grant before it began. */
export function endingBecauseOf(obstacle: Obstacle): Ending {
  return { reason: 'Denied', message: obstacle.finding.message };
}

/** When the grant ends whatever happens, in milliseconds since the epoch; undefined before it is active. */
export function expiryOf({ grant }: Pick<Facts, 'grant'>): number | undefined {
  const activatedAt = grant.status?.activatedAt;
  // From the spec each time, not from status.expiresAt: the duration may have shrunk since.
  if (activatedAt === undefined) return undefined;
  const ends = Date.parse(activatedAt) + millisecondsOr(0, grant.spec.duration);
  // What names no time is over: a grant must not be without an end because nobody can read it.
  return Number.isNaN(ends) ? 0 : ends;
}
