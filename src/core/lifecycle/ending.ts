/** Whether and why a grant's time is over. */
import { isFinal, type FinalPhase } from '../../api/reasons.ts';
import { milliseconds } from '../duration.ts';
import { driftOf, isIssuedFor, issuedFor, inventoryItemOf, sameName } from './issued.ts';
import type { Facts } from './facts.ts';
import type { Obstacle } from './gate.ts';
import { countSucceeded, isComplete, recordPods } from './pods.ts';
import { timeOf } from './facts.ts';

export type EndReason = 'Completed' | 'Expired' | 'Revoked' | 'Deleted' | 'Denied' | 'Drifted';

export interface Ending {
  reason: EndReason;
  message: string;
}

/** The phase in which a grant stands after it ended for this reason. */
export function finalPhaseOf(reason: string): FinalPhase {
  return isFinal(reason as FinalPhase) ? (reason as FinalPhase) : 'Revoked';
}

/** Why rights must end now, whether the grant is active or was about to be; the worst reason first. */
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
  const drift = driftIn(facts, { isOver: hasExpired || completion !== undefined });
  if (drift !== undefined) return { reason: 'Drifted', message: drift };
  if (hasExpired) return { reason: 'Expired', message: `the duration of ${grant.spec.duration} is over` };
  if (grant.status?.phase !== 'Active') return undefined;
  // Pods that are not recorded are not counted: the grant would take any number, one after the other.
  if (unrecorded !== undefined) return { reason: 'Drifted', message: `cannot be recorded: ${unrecorded}` };
  return completion;
}

function completionOf(facts: Facts): Ending | undefined {
  const { grant, pods } = facts;
  if (grant.status?.phase !== 'Active') return undefined;
  const { maxPods } = grant.spec.workload;
  const { records } = recordPods(grant.status.pods ?? [], pods, maxPods, timeOf(facts));
  if (!isComplete(records, grant.spec)) return undefined;
  return {
    reason: 'Completed',
    message: `${records.length} of ${maxPods} pods were used, ${countSucceeded(records)} succeeded, none is running`,
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
  return activatedAt === undefined ? undefined : Date.parse(activatedAt) + milliseconds(grant.spec.duration);
}

/**
 * What was issued is exactly what the decision said, or else the decision no longer holds. While the grant is not
 * active some of it may not be there yet; what is there must be right all the same. Nor is it drift where something is missing
 * of a grant that is over: an end whose record was lost has removed it.
 */
function driftIn({ grant, found }: Facts, { isOver }: { isOver: boolean }): string | undefined {
  const active = grant.status?.phase === 'Active';
  for (const issued of issuedFor(grant)) {
    const item = inventoryItemOf(issued);
    const name = `${item.kind} ${item.namespace}/${item.name}`;
    const there = found.find((object) => sameName(inventoryItemOf(object), item));
    if (!there) {
      if (active && !isOver) return `${name} is gone`;
      continue;
    }
    // Somebody else's object in the way is met when ours is created, and refused there.
    if (!active && !isIssuedFor(grant, there)) continue;
    const recorded = grant.status?.inventory?.find((other) => sameName(other, item));
    if (active && recorded?.uid !== there.metadata.uid) return `${name} is another object of that name`;
    const drift = driftOf(issued, there);
    if (drift !== undefined) return drift;
  }
  return undefined;
}
