import { isFinal } from '../../api/reasons.ts';
import { activate } from './activation.ts';
import { keepActive } from './active.ts';
import { endingOf } from './ending.ts';
import type { Facts, Plan } from './facts.ts';
import { afterTheEnd } from './finished.ts';
import { beginRevocation, revoke } from './revocation.ts';
import { beginSuspension, keepSuspended, suspensionOf } from './suspension.ts';

/**
 * What to do next for a grant, from everything that is known about it: the whole lifecycle as a pure function.
 * It is asked again after each plan was carried out, with what came of it, until nothing is left to do.
 *
 *                 Suspended ───┐
 *                   ▲   ▼      ▼
 *     Pending ───▶ Active ──▶ Revoking ──▶ Completed | Expired | Revoked
 *      ▲   │                     │
 *      ▼   └─────────────────────┴───────▶ Denied
 *     AwaitingApproval
 *
 * Level-triggered: the same facts give the same plan, whatever happened before; so a crash anywhere is survived by
 * asking again. Nothing leads back from Revoking or from a final phase, and the CRD's own rules hold that too.
 */
export function decide(facts: Facts): Plan {
  const phase = facts.grant.status?.phase ?? 'Pending';
  if (isFinal(phase)) return afterTheEnd(facts);
  if (phase === 'Revoking') return revoke(facts);
  const ending = endingOf(facts);
  if (ending) return beginRevocation(facts, ending);
  if (phase === 'Suspended') return keepSuspended(facts);
  if (phase !== 'Active') return activate(facts);
  const suspension = suspensionOf(facts);
  return suspension ? beginSuspension(facts, suspension) : keepActive(facts);
}
