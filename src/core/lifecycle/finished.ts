/** After the end: nothing may come back, the finalizer goes, and the receipt stays readable for its time. */
import { DEFAULT_TTL } from '../../api/taskgrant.ts';
import { milliseconds, millisecondsOr } from '../duration.ts';
import type { Facts, Plan } from './facts.ts';
import { isHeld } from './gate.ts';
import { removeLeftovers } from './revocation.ts';

export function afterTheEnd(facts: Facts): Plan {
  const { grant, now } = facts;
  const leftovers = removeLeftovers(facts);
  const deleting = grant.metadata.deletionTimestamp !== undefined;
  // Where the schema has lost its rules, and nobody can read it: what it gives who says nothing.
  const ttl = millisecondsOr(milliseconds(DEFAULT_TTL), grant.spec.ttlAfterFinished);
  const removeAt = Date.parse(grant.status?.finishedAt ?? '') + ttl;
  if (isHeld(facts)) return { steps: [...leftovers, [{ do: 'removeFinalizer' }]] };
  if (!deleting && removeAt <= now) return { steps: [...leftovers, [{ do: 'removeGrant' }]] };
  return { steps: leftovers, ...(!deleting && { againAt: removeAt }) };
}
