/**
 * Suspended: the account stays, so that pods need not be made anew, and holds nothing. Its time goes on. Roles and bindings go as at
 * an end, and that they are gone is looked at; they are given back as they are given at first, after the whole gate.
 */
import type { Suspension, TaskGrantStatus } from '../../api/taskgrant.ts';
import { ACCEPTED, provision } from './activation.ts';
import { keepCounting } from './active.ts';
import type { Finding } from './conditions.ts';
import { boundDrift, classDrift, issuedDrift } from './drift.ts';
import { timeOf, type Action, type Facts, type Look, type Plan } from './facts.ts';
import { isHeld, obstacleOf, type Obstacle } from './gate.ts';
import {
  isBinding,
  isOfRights,
  itemsToLookAt,
  itemsToRemove,
  labelledItems,
  lookAgainAt,
  removals,
} from './remains.ts';
import { beginRevocation, removeRights, sayWhatRemains } from './revocation.ts';
import { writeStatus } from './status.ts';

interface Cause {
  reason: Suspension['reason'];
  message: string;
}

/** Why an active grant that does not end (ending.ts) may hold nothing for now. */
export function suspensionOf(facts: Facts): Cause | undefined {
  if (facts.grant.spec.suspend) return ASKED_FOR;
  const drift = issuedDrift(facts, { isOver: false }) ?? boundDrift(facts) ?? classDrift(facts);
  return drift && { reason: 'Drifted', message: drift.message };
}

const ASKED_FOR: Cause = { reason: 'Suspended', message: 'spec.suspend is true' };

/**
 * Says so, and takes the rights at the same time, as at an end (revocation.ts). Where the record is lost, spec.suspend is still
 * there, or what has drifted has still done so, and what is missing besides is not made anew.
 */
export function beginSuspension(facts: Facts, { reason, message }: Cause): Plan {
  const suspension: Suspension = { reason, requestedAt: timeOf(facts) };
  const { steps } = writeStatus(facts, { phase: 'Suspended', suspension }, [
    { type: 'Active', status: 'False', reason, message },
    { type: 'Revoked', status: 'False', reason: 'Revoking', message: 'Roles and bindings are being removed' },
  ]);
  return {
    steps: [[...removals(itemsToRemove(facts).filter(isBinding)), ...steps.flat()], [RIGHTS_REMOVED]],
  };
}

const RIGHTS_REMOVED = { do: 'note', what: 'rightsRemovedAt' } as const;

/** What to do for a suspended grant that nothing has ended. */
export function keepSuspended(facts: Facts): Plan {
  // Taken off by somebody: put back, because a deletion would take the grant before its account.
  if (!isHeld(facts)) return { steps: [[{ do: 'addFinalizer' }]] };
  const { suspend } = facts.grant.spec;
  const suspension = suspensionIn(facts);
  if (suspend || suspension.reason === 'Drifted') {
    if (!areRightsTaken(facts)) return takeRights(facts);
    // That it is suspended for the sake of spec.suspend by now says that somebody has looked.
    return suspend ? rest(facts, ASKED_FOR) : keepSo(facts);
  }
  if (suspension.rbacRemovedAt === undefined) return takeRights(facts);
  const obstacle = obstacleOf(facts);
  if (!obstacle) return provision(facts);
  if (!areRightsTaken(facts)) return takeRights(facts);
  return obstacle.outcome === 'deny' ? stayBecauseOf(facts, obstacle) : waitFor(facts, obstacle);
}

function suspensionIn({ grant }: Facts): Suspension {
  return grant.status?.suspension ?? { reason: 'Suspended', requestedAt: '' };
}

/** Whether a suspended grant was seen to hold nothing, and was given nothing since: that would stand in its inventory first. */
export function areRightsTaken(facts: Facts): boolean {
  return suspensionIn(facts).rbacRemovedAt !== undefined && !itemsToLookAt(facts).some(isOfRights);
}

function takeRights(facts: Facts): Plan {
  const { rightsLook: look, rightsRemovedAt } = facts.progress;
  if (!look || labelledItems(facts).some(isOfRights)) return removeRightsAndLook(facts);
  if (look.remaining.length > 0) return sayWhatRemains(facts, look);
  const againAt = lookAgainAt(look, rightsRemovedAt);
  if (againAt === undefined) return recordTaken(facts, look);
  return facts.now < againAt ? { steps: [], againAt } : { steps: [[lookAtRights(facts)]] };
}

function removeRightsAndLook(facts: Facts): Plan {
  const rights = itemsToRemove(facts).filter(isOfRights);
  const others = rights.filter((item) => !isBinding(item));
  const areBound = facts.progress.rightsRemovedAt === undefined || labelledItems(facts).some(isBinding);
  return {
    regardless: true,
    steps: [
      ...(areBound ? [removals(rights.filter(isBinding)), [RIGHTS_REMOVED]] : []),
      removals(others),
      [lookAtRights(facts)],
    ].filter((step) => step.length > 0),
  };
}

function lookAtRights(facts: Facts): Action {
  return { do: 'lookAtRights', items: itemsToLookAt(facts).filter(isOfRights) };
}

/** From here on the inventory is the account: what will be made is recorded before it is, as at first. */
function recordTaken(facts: Facts, look: Look): Plan {
  const { inventory = [] } = facts.grant.status ?? {};
  const { reason, requestedAt } = suspensionIn(facts);
  const verified = look.stillAllowed.length === 0;
  const status: Partial<TaskGrantStatus> = {
    inventory: inventory.filter((item) => !isOfRights(item)),
    suspension: {
      reason,
      requestedAt,
      rbacRemovedAt: facts.progress.rightsRemovedAt ?? look.at,
      ...(verified && { verifiedAt: look.at }),
    },
  };
  return writeStatus(facts, status, [
    {
      type: 'Provisioned',
      status: 'False',
      reason: 'Suspended',
      message: 'the account exists; Roles and RoleBindings are removed',
    },
    verified
      ? {
          type: 'Revoked',
          status: 'False',
          reason: 'Suspended',
          message: 'rights are gone, and the API server refuses what the envelope allowed; the account stays',
        }
      : {
          type: 'Revoked',
          status: 'False',
          reason: 'RightsRemain',
          message: `Roles and bindings are gone, but bindings of others still allow the account: ${look.stillAllowed.join('; ')}`,
        },
  ]);
}

/** What denies a grant at first is, of one that was active, what no longer holds. */
function stayBecauseOf(facts: Facts, { finding }: Obstacle): Plan {
  const { message } = finding;
  return facts.grant.spec.onDrift === 'Suspend'
    ? rest(facts, { reason: 'Drifted', message }, [finding])
    : beginRevocation(facts, { reason: 'Drifted', message }, [finding]);
}

function waitFor(facts: Facts, { finding, until }: Obstacle): Plan {
  const accepted = finding.type === 'Accepted' ? [] : [ACCEPTED];
  const plan = rest(facts, { reason: 'Suspended', message: finding.message }, [...accepted, finding]);
  return { ...plan, ...(until !== undefined && { againAt: Math.min(until, plan.againAt ?? until) }) };
}

function rest(facts: Facts, { reason, message }: Cause, findings: readonly Finding[] = []): Plan {
  const suspension = { ...suspensionIn(facts), reason };
  return keepSo(facts, { suspension }, [...findings, { type: 'Active', status: 'False', reason, message }]);
}

/** A process that was paused may have made something since; it goes. */
function keepSo(
  facts: Facts,
  changes: Partial<TaskGrantStatus> = {},
  findings: readonly Finding[] = [],
): Plan {
  const plan = keepCounting(facts, changes, findings);
  return { ...plan, steps: [...removeRights(facts), ...plan.steps] };
}
