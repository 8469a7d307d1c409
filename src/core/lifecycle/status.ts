import canonicalize from 'canonicalize';
import type { TaskGrantStatus } from '../../api/taskgrant.ts';
import { withFindings, type Finding } from './conditions.ts';
import { NOTHING, timeOf, type Facts, type Plan } from './facts.ts';

/** What was refused for its content, its size or for want of a right is not asked for at once again. */
export const RECORD_RETRY_MS = 10_000;

/**
 * A plan that writes the status with these changes; nothing where it says all that already.
 * @param outdated what it says no more
 */
export function writeStatus(
  facts: Facts,
  changes: Partial<TaskGrantStatus>,
  findings: readonly Finding[],
  outdated: readonly (keyof TaskGrantStatus)[] = [],
): Plan {
  const { grant, unrecorded, now } = facts;
  if (unrecorded !== undefined) return { steps: [], againAt: now + RECORD_RETRY_MS };
  const before = grant.status ?? {};
  const generation = grant.metadata.generation ?? 0;
  const status: TaskGrantStatus = {
    ...before,
    ...changes,
    observedGeneration: generation,
    conditions: withFindings(before.conditions ?? [], findings, { time: timeOf(facts), generation }),
  };
  for (const field of outdated) Reflect.deleteProperty(status, field);
  return canonicalize(withoutGenerations(status)) === canonicalize(withoutGenerations(before))
    ? NOTHING
    : { steps: [[{ do: 'writeStatus', status }]] };
}

/** A new generation alone (say, a shrunk duration that changes nothing) is no reason to write. */
function withoutGenerations({ conditions = [], ...status }: TaskGrantStatus): TaskGrantStatus {
  return {
    ...status,
    observedGeneration: 0,
    conditions: conditions.map((condition) => ({ ...condition, observedGeneration: 0 })),
  };
}
