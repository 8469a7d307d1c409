/**
 * The end: bindings first (the API server refuses from then on), then account and Roles (its tokens are refused
 * within ten seconds), then pods that still run, then a look that everything is gone, and then the receipt.
 * Nothing here needs a right that could be missing: it only deletes, and what is already gone is fine.
 */
import type { PodRecord, TaskGrantStatus } from '../../api/taskgrant.ts';
import type { Finding } from './conditions.ts';
import { finalPhaseOf, type Ending } from './ending.ts';
import { NOTHING, timeOf, type Action, type Facts, type Look, type Plan } from './facts.ts';
import { isHeld } from './gate.ts';
import { pauseWithin } from './pause.ts';
import { recordPods, stopping } from './pods.ts';
import {
  heldByFinalizers,
  isBinding,
  itemsToLookAt,
  itemsToRemove,
  labelledItems,
  lookAgainAt,
  removals,
} from './remains.ts';
import { RECORD_RETRY_MS, writeStatus } from './status.ts';

/**
 * Says that the end has come, and takes the rights of an active grant at the same time, so that they do not outlast its task by
 * what a record takes. Where the record is lost the end is not: an active grant whose binding is gone is over,
 * completed or expired as it was, or drifted (ending.ts), and nothing makes that binding anew.
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
        {
          type: 'Revoked',
          status: 'True',
          reason,
          message: 'there is no identity: none was issued, or it went while the grant waited',
        },
      ],
    );
  }
  const { steps } = writeStatus(
    facts,
    { phase: 'Revoking', revocation: { reason, requestedAt }, ...pods },
    [
      ...findings,
      inactive,
      {
        type: 'Revoked',
        status: 'False',
        reason: 'Revoking',
        message: 'rights and identity are being removed',
      },
    ],
    ['suspension'],
  );
  // One that was never active would be given its rights a second time where this record is lost: it comes first there.
  if (facts.grant.status?.activatedAt === undefined) return { steps };
  return { steps: [[...removals(itemsToRemove(facts).filter(isBinding)), ...steps.flat()], [RBAC_REMOVED]] };
}

const RBAC_REMOVED = { do: 'note', what: 'rbacRemovedAt' } as const;

/**
 * The end has come and the API server does not store that: the object is as large as it may be, say, or is changed by
 * somebody faster than it can be written. Rights go all the same, and the record is tried again later. A grant that was
 * active cannot be so again, because what was issued for it is gone; one that was not keeps its account, for it might be.
 */
function revokeUnrecorded(facts: Facts): Plan {
  if (facts.grant.status?.activatedAt === undefined && !isBeingDeleted(facts))
    return { steps: removeRights(facts), againAt: facts.now + RECORD_RETRY_MS };
  return facts.progress.look ? withoutReceipt(facts, facts.progress.look) : removeEverything(facts);
}

/** Nobody would read the receipt of a deleted grant, and one that cannot be written must not keep a namespace from going. */
function withoutReceipt(facts: Facts, { remaining }: Look): Plan {
  if (!isBeingDeleted(facts) || remaining.length > 0)
    return { steps: [], againAt: facts.now + RECORD_RETRY_MS };
  return isHeld(facts) ? { steps: [[{ do: 'removeFinalizer' }]] } : NOTHING;
}

function isBeingDeleted({ grant }: Facts): boolean {
  return grant.metadata.deletionTimestamp !== undefined;
}

/** What remains to be done for a grant whose end has been declared. */
export function revoke(facts: Facts): Plan {
  const { look } = facts.progress;
  if (!look) return removeEverything(facts);
  if (look.remaining.length > 0) return sayWhatRemains(facts, look);
  const againAt = lookAgainAt(look, facts.progress.rbacRemovedAt);
  if (againAt !== undefined) {
    return facts.now < againAt
      ? { steps: [], againAt }
      : { steps: [[{ do: 'look', items: itemsToLookAt(facts) }]] };
  }
  return facts.unrecorded === undefined ? writeReceipt(facts, look) : withoutReceipt(facts, look);
}

/** Somebody's finalizer, most likely: bindings that wait for theirs to be taken off are in force. Tried again soon. */
export function sayWhatRemains(facts: Facts, look: Look): Plan {
  const { steps } = writeStatus(facts, {}, [
    { type: 'Revoked', status: 'False', reason: 'Revoking', message: heldByFinalizers(look) },
  ]);
  return { steps, againAt: facts.now + pauseBeforeNextLook(facts) };
}

/** Soon at first, and then ever later: a finalizer that stays for good must not cost much for good. */
function pauseBeforeNextLook({ grant, now }: Facts): number {
  const { revocation, suspension } = grant.status ?? {};
  const waited = now - Date.parse((revocation ?? suspension)?.requestedAt ?? '');
  return Number.isNaN(waited) ? LOOK_AGAIN_MS.least : pauseWithin(LOOK_AGAIN_MS, waited / 4);
}

const LOOK_AGAIN_MS = { least: 1000, most: 60_000 };

/** Takes away what the account may do, and leaves it there: a name is given to one account only. */
export function removeRights(facts: Facts): Action[][] {
  const items = labelledItems(facts);
  const roles = items.filter(({ kind }) => kind === 'Role');
  return [removals(items.filter(isBinding)), removals(roles)].filter((step) => step.length > 0);
}

/** The account that was recorded, and is not any more: not before, or else it would be made again under that name. */
export function removeUnnamedAccount(facts: Facts): Action[][] {
  if (facts.grant.status?.serviceAccountName !== undefined) return [];
  const accounts = labelledItems(facts).filter(({ kind }) => kind === 'ServiceAccount');
  return accounts.length > 0 ? [removals(accounts)] : [];
}

/** Removes what is left of a finished grant: a process that was paused before its end may have created it since. */
export function removeLeftovers(facts: Facts): Action[][] {
  const leftovers = labelledItems(facts);
  const bindings = leftovers.filter(isBinding);
  const others = leftovers.filter((item) => !isBinding(item));
  return [removals(bindings), removals(others), podsToStop(facts)].filter((step) => step.length > 0);
}

function removeEverything(facts: Facts): Plan {
  const items = itemsToRemove(facts);
  const others = items.filter((item) => !isBinding(item));
  const rights = [removals(items.filter(isBinding)), [RBAC_REMOVED]];
  return {
    regardless: true,
    steps: [
      ...(facts.progress.rbacRemovedAt === undefined ? rights : []),
      removals(others),
      [{ do: 'note', what: 'identityRemovedAt' } as const],
      podsToStop(facts),
      [{ do: 'look', items: itemsToLookAt(facts) } as const],
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

function podsAtTheEnd(facts: Facts): { pods?: PodRecord[]; podsUsed?: string } {
  const { grant } = facts;
  const { maxPods } = grant.spec.workload;
  const { records } = recordPods(grant.status?.pods ?? [], facts.pods, maxPods, timeOf(facts));
  return records.length > 0 ? { pods: records, podsUsed: `${records.length}/${maxPods}` } : {};
}

/** What pods have by default (terminationGracePeriodSeconds, core/v1): their rights are gone, and so is what they could finish. */
const MOST_GRACE_SECONDS = 30;

function podsToStop({ grant, pods, now }: Facts): Action[] {
  if (grant.spec.completion.podsRunning === 'Leave') return [];
  return stopping(pods, { within: MOST_GRACE_SECONDS, now, why: 'the grant has ended' });
}
