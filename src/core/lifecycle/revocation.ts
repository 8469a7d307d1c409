/**
 * The end: bindings first (the API server refuses from then on), then account and Roles (its tokens are refused
 * within ten seconds), then pods that still run, then a look that everything is gone, and then the receipt.
 * Nothing here needs a right that could be missing: it only deletes, and what is already gone is fine.
 */
import type { InventoryItem, PodRecord, TaskGrantStatus } from '../../api/taskgrant.ts';
import type { Finding } from './conditions.ts';
import { finalPhaseOf, type Ending } from './ending.ts';
import { timeOf, type Action, type Facts, type Look, type Plan } from './facts.ts';
import { inventoryItemOf, isIssuedFor, sameName } from './issued.ts';
import { recordPods } from './pods.ts';
import { RECORD_RETRY_MS, writeStatus } from './status.ts';

/**
 * Says that the end has come before anything is removed, so that it cannot be forgotten: a crash after the first
 * deletion must not be taken for tampering, nor the rights be given again.
 */
export function beginRevocation(
  facts: Facts,
  { reason, message }: Ending,
  findings: readonly Finding[] = [],
): Plan {
  if (facts.unrecorded !== undefined) return revokeUnrecorded(facts);
  const requestedAt = timeOf(facts);
  const inactive: Finding = { type: 'Active', status: 'False', reason, message };
  const pods = podsAtTheEnd(facts);
  if (itemsToRemove(facts).length === 0 && facts.grant.status?.inventory === undefined) {
    return writeStatus(
      facts,
      { phase: finalPhaseOf(reason), finishedAt: requestedAt, revocation: { reason, requestedAt }, ...pods },
      [
        ...findings,
        inactive,
        { type: 'Revoked', status: 'True', reason, message: 'nothing was ever issued' },
      ],
    );
  }
  return writeStatus(facts, { phase: 'Revoking', revocation: { reason, requestedAt }, ...pods }, [
    ...findings,
    inactive,
    {
      type: 'Revoked',
      status: 'False',
      reason: 'Revoking',
      message: 'rights and identity are being removed',
    },
  ]);
}

/**
 * The end has come and the API server does not store that: the object is as large as it may be, say, or is changed by
 * somebody faster than it can be written. Rights go all the same, and the record is tried again later. A grant that was
 * active cannot be so again, because what was issued for it is gone; one that was not keeps its account, for it might be.
 */
function revokeUnrecorded(facts: Facts): Plan {
  const againAt = facts.now + RECORD_RETRY_MS;
  if (facts.grant.status?.activatedAt === undefined) return { steps: removeRights(facts), againAt };
  return facts.progress.look ? { steps: [], againAt } : removeEverything(facts);
}

/** What remains to be done for a grant whose end has been declared. */
export function revoke(facts: Facts): Plan {
  const { look } = facts.progress;
  if (!look) return removeEverything(facts);
  if (look.remaining.length > 0) return sayWhatRemains(facts, look);
  const waited = Date.parse(look.at) - Date.parse(facts.progress.rbacRemovedAt ?? look.at);
  if (look.stillAllowed.length > 0 && waited < AUTHORIZER_LAG_MS) {
    // As long again as it was waited already: soon at first, and a dozen looks in all at most.
    return { steps: [[{ do: 'look', items: itemsToRemove(facts), afterMs: Math.max(2, waited) }]] };
  }
  return writeReceipt(facts, look);
}

/**
 * The authorizer of each API server learns of a deleted binding by a watch, milliseconds later. What it still allows
 * after this long comes from bindings that are not the product's.
 */
const AUTHORIZER_LAG_MS = 5000;

/** Somebody's finalizer, most likely: bindings that wait for theirs to be taken off are in force. Tried again soon. */
function sayWhatRemains(facts: Facts, { remaining }: Look): Plan {
  const names = remaining.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
  const { steps } = writeStatus(facts, {}, [
    {
      type: 'Revoked',
      status: 'False',
      reason: 'Revoking',
      message: `deleted and still there, held by somebody's finalizer: ${names.join(', ')}`,
    },
  ]);
  return { steps, againAt: facts.now + REMAINING_RETRY_MS };
}

const REMAINING_RETRY_MS = 1000;

/** Takes away what the account may do, and leaves it there: a name is given to one account only. */
export function removeRights({ grant, found }: Facts): Action[][] {
  const items = found.filter((object) => isIssuedFor(grant, object)).map(inventoryItemOf);
  const roles = items.filter(({ kind }) => kind === 'Role');
  return [removals(items.filter(isBinding)), removals(roles)].filter((step) => step.length > 0);
}

/** Removes what is left of a finished grant: a process that was paused before its end may have created it since. */
export function removeLeftovers(facts: Facts): Action[][] {
  const { grant } = facts;
  const leftovers = facts.found.filter((object) => isIssuedFor(grant, object)).map(inventoryItemOf);
  const bindings = leftovers.filter(isBinding);
  const others = leftovers.filter((item) => !isBinding(item));
  return [removals(bindings), removals(others), podsToStop(facts)].filter((step) => step.length > 0);
}

function removeEverything(facts: Facts): Plan {
  const items = itemsToRemove(facts);
  const bindings = items.filter(isBinding);
  const others = items.filter((item) => !isBinding(item));
  return {
    regardless: true,
    steps: [
      removals(bindings),
      [{ do: 'note', what: 'rbacRemovedAt' } as const],
      removals(others),
      [{ do: 'note', what: 'identityRemovedAt' } as const],
      podsToStop(facts),
      [{ do: 'look', items, afterMs: 0 } as const],
    ].filter((step) => step.length > 0),
  };
}

function writeReceipt(facts: Facts, look: Look): Plan {
  const { revocation } = facts.grant.status ?? {};
  const reason = revocation?.reason ?? 'Revoked';
  const { rbacRemovedAt = look.at, identityRemovedAt = look.at } = facts.progress;
  const verified = look.stillAllowed.length === 0;
  const status: Partial<TaskGrantStatus> = {
    phase: finalPhaseOf(reason),
    finishedAt: timeOf(facts),
    revocation: {
      reason,
      requestedAt: revocation?.requestedAt ?? look.at,
      rbacRemovedAt,
      identityRemovedAt,
      ...(verified && { verifiedAt: look.at }),
    },
    ...podsAtTheEnd(facts),
  };
  const revoked: Finding = verified
    ? {
        type: 'Revoked',
        status: 'True',
        reason: 'Verified',
        message: 'everything in the inventory is gone, and the API server refuses what the envelope allowed',
      }
    : {
        type: 'Revoked',
        status: 'False',
        reason: 'RightsRemain',
        message: `the inventory is gone and its tokens are refused, but bindings of others still allow the account: ${look.stillAllowed.join('; ')}`,
      };
  return writeStatus(facts, status, [revoked, ...notProvisionedAnyMore(facts)]);
}

/** Where it could not be provisioned at all, why is what a reader looks for, and stays. */
function notProvisionedAnyMore({ grant }: Facts): Finding[] {
  const before = grant.status?.conditions?.find(({ type }) => type === 'Provisioned');
  if (before?.status === 'False' && before.reason !== 'Provisioning') return [];
  return [
    { type: 'Provisioned', status: 'False', reason: 'Revoked', message: 'what was created is removed' },
  ];
}

/** What stands in the inventory, and what is labelled as this grant's without standing there. */
function itemsToRemove({ grant, found }: Facts): InventoryItem[] {
  const inventory = grant.status?.inventory ?? [];
  const labelled = found.filter((object) => isIssuedFor(grant, object)).map(inventoryItemOf);
  // A found object knows its UID, which a planned entry does not.
  const known = inventory.map((item) => labelled.find((other) => sameName(other, item)) ?? item);
  return [...known, ...labelled.filter((item) => !inventory.some((other) => sameName(other, item)))];
}

function podsAtTheEnd(facts: Facts): { pods?: PodRecord[]; podsUsed?: string } {
  const { grant } = facts;
  const { maxPods } = grant.spec.workload;
  const { records } = recordPods(grant.status?.pods ?? [], facts.pods, maxPods, timeOf(facts));
  return records.length > 0 ? { pods: records, podsUsed: `${records.length}/${maxPods}` } : {};
}

function podsToStop({ grant, pods }: Facts): Action[] {
  if (grant.spec.completion.podsRunning === 'Leave') return [];
  return pods
    .filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status?.phase !== 'Succeeded' &&
        status?.phase !== 'Failed',
    )
    .map(({ metadata }) => ({
      do: 'removePod',
      name: metadata.name,
      uid: metadata.uid,
      why: 'the grant has ended',
    }));
}

function isBinding({ kind }: InventoryItem): boolean {
  return kind === 'RoleBinding';
}

function removals(items: readonly InventoryItem[]): Action[] {
  return items.map((item) => ({ do: 'remove', item }));
}
