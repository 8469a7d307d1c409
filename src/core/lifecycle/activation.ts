/** From declared to active: the inventory is recorded, what stands in it is created, and then the grant is active. */
import type { TaskGrantStatus } from '../../api/taskgrant.ts';
import { decisionFor } from '../decision/decision.ts';
import { formatDuration, milliseconds } from '../duration.ts';
import { serviceAccountNameFor } from '../names.ts';
import type { Finding } from './conditions.ts';
import { endingBecauseOf } from './ending.ts';
import { timeOf, type Action, type Facts, type Plan } from './facts.ts';
import { approvedBy, enforced, isHeld, obstacleOf, type Obstacle } from './gate.ts';
import { driftOf, inventoryItemOf, isIssuedFor, issuedFor, sameName, type IssuedObject } from './issued.ts';
import { isOfRights } from './remains.ts';
import { beginRevocation, removeRights, removeUnnamedAccount } from './revocation.ts';
import { ratedNow } from './risk.ts';
import { writeStatus } from './status.ts';

/** What to do for a grant that is not active yet and that nothing has ended. */
export function activate(facts: Facts): Plan {
  if (!isHeld(facts)) return { steps: [[{ do: 'addFinalizer' }]] };

  const obstacle = obstacleOf(facts);
  if (obstacle?.outcome === 'deny')
    return beginRevocation(facts, endingBecauseOf(obstacle), [obstacle.finding]);
  if (obstacle) return waitFor(facts, obstacle);
  return provision(facts);
}

/** Nothing stands in the way of the grant: it gets what it is to hold, for the first time or again. */
export function provision(facts: Facts): Plan {
  // Admission has asked when the grant was created, which may be long ago.
  if (facts.requesterLacks === undefined) return { steps: [[{ do: 'askRequester' }]] };
  if (!isRecorded(facts)) return recordInventory(facts);
  const issued = issuedFor(facts.grant);
  const missing = issued.filter((object) => !isThere(facts, object));
  return missing.length > 0 ? create(missing) : declareActive(facts, issued);
}

/**
 * While a grant waits, and nothing counts its time, its account holds nothing. Where pods may not be judged meanwhile, there is
 * no account either, and the next one has another name: somebody could have created a pod under the one that was recorded.
 */
function waitFor(facts: Facts, { finding, until }: Obstacle): Plan {
  const isJudged = finding.type === 'Provisioned' || finding.type === 'Active';
  const findings: Finding[] = [
    ...(finding.type === 'Accepted' ? [] : [ACCEPTED, ...approvedBy(facts)]),
    ...(finding.type === 'Active' && finding.reason !== 'Pending' ? [enforced(facts)] : []),
    finding,
    ...(finding.type === 'Active' ? [] : [{ ...finding, type: 'Active', status: 'False' } as const]),
  ];
  const phase = finding.type === 'Approved' ? 'AwaitingApproval' : 'Pending';
  const outdated = isJudged ? [] : (['serviceAccountName', 'inventory'] as const);
  const written = writeStatus(facts, { phase, ...ratedNow(facts) }, findings, outdated);
  return {
    steps: [...removeRights(facts), ...removeUnnamedAccount(facts), ...written.steps],
    ...(until !== undefined && { againAt: until }),
  };
}

/** Whether everything that will be made stands in the inventory, under the decision of now. */
function isRecorded(facts: Facts): boolean {
  const { inventory = [], decision } = facts.grant.status ?? {};
  const items = issuedFor(facts.grant).map(inventoryItemOf);
  return (
    items.length > 0 &&
    items.every((item) => inventory.some((other) => sameName(other, item))) &&
    decision?.digest === decisionFor(facts).digest
  );
}

/**
 * Before anything is made: what will be made, and under which decision, so that a crash leaves nothing unknown. Rights
 * that were written under another decision (the class has changed meanwhile) are not those of this one.
 */
function recordInventory(facts: Facts): Plan {
  const { metadata, spec, status: before = {} } = facts.grant;
  const serviceAccountName = before.serviceAccountName ?? serviceAccountNameFor(metadata.name, facts.suffix);
  const isAgain = before.phase === 'Suspended';
  const status: Partial<TaskGrantStatus> = {
    phase: isAgain ? 'Suspended' : 'Pending',
    serviceAccountName,
    inventory: issuedFor(facts.grant, serviceAccountName).map((object) => {
      const item = inventoryItemOf(object);
      // The account of a suspended grant is there, and has to stay the one that it is.
      return (
        before.inventory?.find((other) => isAgain && !isOfRights(other) && sameName(other, item)) ?? item
      );
    }),
    decision: decisionFor(facts),
    ...ratedNow(facts),
    podsUsed: before.podsUsed ?? `0/${spec.workload.maxPods}`,
  };
  const written = writeStatus(facts, status, [
    ACCEPTED,
    ...approvedBy(facts),
    enforced(facts),
    {
      type: 'Provisioned',
      status: 'False',
      reason: 'Provisioning',
      message: 'creating what stands in status.inventory',
    },
    isAgain
      ? { type: 'Active', status: 'False', reason: 'Suspended', message: 'rights are being given back' }
      : { type: 'Active', status: 'False', reason: 'Pending', message: 'the identity is being created' },
  ]);
  return { steps: [...removeRights(facts), ...removeUnnamedAccount(facts), ...written.steps] };
}

/** Bindings last: the API server reads the Role when it judges whether the grantor may bind it. */
function create(missing: readonly IssuedObject[]): Plan {
  const action = (object: IssuedObject): Action => ({ do: 'create', object });
  const isBinding = ({ kind }: IssuedObject) => kind === 'RoleBinding';
  return {
    steps: [
      missing.filter((object) => !isBinding(object)).map(action),
      missing.filter(isBinding).map(action),
    ].filter((step) => step.length > 0),
  };
}

function declareActive(facts: Facts, issued: readonly IssuedObject[]): Plan {
  const { grant } = facts;
  const inventory = issued.map((object) => {
    const item = inventoryItemOf(object);
    const found = facts.found.find((other) => sameName(inventoryItemOf(other), item));
    return found ? inventoryItemOf(found) : item;
  });
  const { duration } = grant.spec;
  // Once in its life: a suspension does not stop the time.
  const activatedAt = grant.status?.activatedAt ?? timeOf(facts);
  return writeStatus(
    facts,
    {
      phase: 'Active',
      inventory,
      ...ratedNow(facts),
      activatedAt,
      expiresAt: new Date(Date.parse(activatedAt) + milliseconds(duration)).toISOString(),
    },
    [
      ACCEPTED,
      ...approvedBy(facts),
      {
        type: 'Provisioned',
        status: 'True',
        reason: 'Provisioned',
        message:
          inventory.length === 1
            ? '1 object exists as decided'
            : `${inventory.length} objects exist as decided`,
      },
      enforced(facts),
      {
        type: 'Active',
        status: 'True',
        reason: 'Active',
        message: `for ${formatDuration(milliseconds(duration))} at most`,
      },
      { type: 'Revoked', status: 'False', reason: 'NotRevoked', message: 'the grant holds rights' },
    ],
    ['suspension'],
  );
}

export const ACCEPTED: Finding = {
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'the class allows the grant, and everything it declares can be enforced',
};

/**
 * What gives rights counts only where this process has created it just now, as the grantor: anybody who may write Roles can write one
 * that looks like the grant's, with rights that they hold and the grantor does not.
 */
function isThere({ grant, found, written, externalKeys }: Facts, object: IssuedObject): boolean {
  const item = inventoryItemOf(object);
  return found.some(
    (other) =>
      sameName(inventoryItemOf(other), item) &&
      isIssuedFor(grant, other) &&
      driftOf(object, other, externalKeys) === undefined &&
      (other.kind === 'ServiceAccount' || written.includes(other.metadata.uid)),
  );
}
