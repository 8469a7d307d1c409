/** From declared to active: the inventory is recorded, what stands in it is created, and then the grant is active. */
import type { TaskGrantStatus } from '../../api/taskgrant.ts';
import { decisionFor } from '../decision/decision.ts';
import { formatDuration, milliseconds } from '../duration.ts';
import { serviceAccountNameFor } from '../names.ts';
import type { Finding } from './conditions.ts';
import { endingBecauseOf } from './ending.ts';
import { timeOf, type Action, type Facts, type Plan } from './facts.ts';
import { enforced, isHeld, obstacleOf, type Obstacle } from './gate.ts';
import { driftOf, inventoryItemOf, isIssuedFor, issuedFor, sameName, type IssuedObject } from './issued.ts';
import { beginRevocation, removeRights, removeUnnamedAccount } from './revocation.ts';
import { writeStatus } from './status.ts';

/** What to do for a grant that is not active yet and that nothing has ended. */
export function activate(facts: Facts): Plan {
  if (!isHeld(facts)) return { steps: [[{ do: 'addFinalizer' }]] };

  const obstacle = obstacleOf(facts);
  if (obstacle?.outcome === 'deny')
    return beginRevocation(facts, endingBecauseOf(obstacle), [obstacle.finding]);
  if (obstacle) return waitFor(facts, obstacle);
  // Admission has asked when the grant was created, which may be long ago.
  if (facts.requesterLacks === undefined) return { steps: [[{ do: 'askRequester' }]] };

  const { inventory, decision } = facts.grant.status ?? {};
  if (!inventory || decision?.digest !== decisionFor(facts).digest) return recordInventory(facts);
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
    ...(finding.type === 'Accepted' ? [] : [ACCEPTED]),
    ...(finding.reason === 'NotBefore' ? [enforced(facts)] : []),
    finding,
    ...(finding.type === 'Active'
      ? []
      : [{ type: 'Active', status: 'False', reason: 'Pending', message: finding.message } as const]),
  ];
  const outdated = isJudged ? [] : (['serviceAccountName', 'inventory'] as const);
  const written = writeStatus(facts, { phase: 'Pending' }, findings, outdated);
  return {
    steps: [...removeRights(facts), ...removeUnnamedAccount(facts), ...written.steps],
    ...(until !== undefined && { againAt: until }),
  };
}

/**
 * Before anything is made: what will be made, and under which decision, so that a crash leaves nothing unknown. Rights
 * that were written under another decision (the class has changed meanwhile) are not those of this one.
 */
function recordInventory(facts: Facts): Plan {
  const { name } = facts.grant.metadata;
  const serviceAccountName =
    facts.grant.status?.serviceAccountName ?? serviceAccountNameFor(name, facts.suffix);
  const status: Partial<TaskGrantStatus> = {
    phase: 'Pending',
    serviceAccountName,
    inventory: issuedFor(facts.grant, serviceAccountName).map(inventoryItemOf),
    decision: decisionFor(facts),
    podsUsed: `0/${facts.grant.spec.workload.maxPods}`,
  };
  const written = writeStatus(facts, status, [
    ACCEPTED,
    enforced(facts),
    {
      type: 'Provisioned',
      status: 'False',
      reason: 'Provisioning',
      message: 'creating what stands in status.inventory',
    },
    { type: 'Active', status: 'False', reason: 'Pending', message: 'the identity is being created' },
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
  const { grant, now } = facts;
  const inventory = issued.map((object) => {
    const item = inventoryItemOf(object);
    const found = facts.found.find((other) => sameName(inventoryItemOf(other), item));
    return found ? inventoryItemOf(found) : item;
  });
  const { duration } = grant.spec;
  return writeStatus(
    facts,
    {
      phase: 'Active',
      inventory,
      activatedAt: timeOf(facts),
      expiresAt: new Date(now + milliseconds(duration)).toISOString(),
    },
    [
      ACCEPTED,
      {
        type: 'Provisioned',
        status: 'True',
        reason: 'Provisioned',
        message: `${inventory.length} objects exist as decided`,
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
  );
}

const ACCEPTED: Finding = {
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'the class allows the grant, and everything it declares can be enforced',
};

/**
 * What gives rights counts only where this process has created it just now, as the grantor: anybody who may write Roles can write one
 * that looks like the grant's, with rights that they hold and the grantor does not.
 */
function isThere({ grant, found, written }: Facts, object: IssuedObject): boolean {
  const item = inventoryItemOf(object);
  return found.some(
    (other) =>
      sameName(inventoryItemOf(other), item) &&
      isIssuedFor(grant, other) &&
      driftOf(object, other) === undefined &&
      (other.kind === 'ServiceAccount' || written.includes(other.metadata.uid)),
  );
}
