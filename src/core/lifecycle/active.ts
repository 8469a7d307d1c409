/** While a grant is active: its pods are recorded, too many of them are stopped, and its end stays in view. */
import type { TaskGrantStatus } from '../../api/taskgrant.ts';
import type { Finding } from './conditions.ts';
import { expiryOf } from './ending.ts';
import { timeOf, type Facts, type Plan } from './facts.ts';
import { enforced, isHeld, namespaceIsEnforced } from './gate.ts';
import { recordPods, stopping } from './pods.ts';
import { ratedNow } from './risk.ts';
import { writeStatus } from './status.ts';

/** It should not be there, and has nothing to bring to an end. */
const SURPLUS_GRACE_SECONDS = 1;

export function keepActive(facts: Facts): Plan {
  // Taken off by somebody: put back, because a deletion would take the grant before its rights.
  if (!isHeld(facts)) return { steps: [[{ do: 'addFinalizer' }]] };
  return keepCounting(facts, {}, enforcementOf(facts));
}

/** Between its activation and its end, whether it is suspended or not, a grant's pods count, and its time passes. */
export function keepCounting(
  facts: Facts,
  changes: Partial<TaskGrantStatus>,
  findings: readonly Finding[],
): Plan {
  const { grant, now } = facts;
  const { maxPods } = grant.spec.workload;
  const { records, overBudget } = recordPods(grant.status?.pods ?? [], facts.pods, maxPods, timeOf(facts));
  const expiry = expiryOf(facts) ?? now;
  const written = writeStatus(
    facts,
    {
      ...changes,
      ...(records.length > 0 && { pods: records }),
      podsUsed: `${records.length}/${maxPods}`,
      expiresAt: new Date(expiry).toISOString(),
      ...ratedNow(facts),
    },
    findings,
  );
  // Admission judges by a cache, so two pods can slip in at once: the later one goes.
  const stops = stopping(overBudget, {
    within: SURPLUS_GRACE_SECONDS,
    now,
    why: `the grant allows ${maxPods} ${maxPods === 1 ? 'pod' : 'pods'}, and they are used up`,
  });
  return {
    steps: [...(stops.length > 0 ? [stops] : []), ...written.steps],
    againAt: Math.min(expiry, written.againAt ?? expiry),
  };
}

/** Said where the label of the namespace was taken off, and where it is back; nothing while it stays. */
function enforcementOf(facts: Facts): Finding[] {
  const obstacle = namespaceIsEnforced(facts);
  if (obstacle) return [obstacle.finding];
  const before = facts.grant.status?.conditions?.find(({ type }) => type === 'Enforced');
  return before?.reason === 'NamespaceNotEnforced' ? [enforced(facts)] : [];
}
