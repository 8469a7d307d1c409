/** After the end: nothing may come back, the finalizer goes, and the receipt stays readable for its time. */
import { millisecondsOr } from '../duration.ts';
import type { Facts, Plan } from './facts.ts';
import { isHeld } from './gate.ts';
import { removeLeftovers } from './revocation.ts';

/** Where the schema has lost its rules: what it gives who says nothing. */
const DEFAULT_TTL_MS = 86_400_000;

export function afterTheEnd(facts: Facts): Plan {
  const { grant, now } = facts;
  const leftovers = removeLeftovers(facts);
  const deleting = grant.metadata.deletionTimestamp !== undefined;
  const removeAt =
    Date.parse(grant.status?.finishedAt ?? '') + millisecondsOr(DEFAULT_TTL_MS, grant.spec.ttlAfterFinished);
  if (isHeld(facts)) return { steps: [...leftovers, [{ do: 'removeFinalizer' }]] };
  if (!deleting && removeAt <= now) return { steps: [...leftovers, [{ do: 'removeGrant' }]] };
  return { steps: leftovers, ...(!deleting && { againAt: removeAt }) };
}
