/** Observe, decide, apply, and again with what came of it, until there is nothing left to do for a grant. */
import type { Stored } from '../api/kubernetes.ts';
import { isBeforeActive } from '../api/reasons.ts';
import type { InventoryItem, TaskGrant } from '../api/taskgrant.ts';
import { decide } from '../core/lifecycle/decide.ts';
import type { Facts } from '../core/lifecycle/facts.ts';
import { inventoryItemOf, isGoing, isIssuedFor, type FoundObject } from '../core/lifecycle/issued.ts';
import { areRightsTaken } from '../core/lifecycle/suspension.ts';
import { isConflict, isNotFound } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { Reconciler, Result } from '../kube/reconciler.ts';
import { taskGrants } from '../kube/resources.ts';
import { apply, removeIssued, unlessRefused, type ApplyOptions } from './apply.ts';
import { carryOut } from './carry-out.ts';
import type { GrantView } from './grant-view.ts';
import { labelledFor, observe, type ObserveOptions } from './observe.ts';
import { createRefusals } from './refusals.ts';

export interface GrantReconcilerOptions extends ObserveOptions, Omit<ApplyOptions, 'signal'> {
  view: GrantView;
  /** Told of what was found without a grant, and removed. */
  onSwept: (item: InventoryItem) => void;
}

/** More plans than any way through the lifecycle has: one that does not change the facts would otherwise be carried out for ever. */
const MOST_PLANS = 20;

/** Somebody who changes a grant over and over again must not win time by it: its end does not wait for its record. */
const MOST_CONFLICTS = 5;

/** Deadlines and revocations go before everything else in the queue. */
export const URGENT = 1;

export function createGrantReconciler(options: GrantReconcilerOptions): Reconciler {
  const { client, view, now, logger } = options;
  /** Of revocations that wait for their next look: others are worked on meanwhile. */
  const underWay = new Map<string, { uid: string; progress: Facts['progress'] }>();
  const refusals = createRefusals();
  return async (key, signal) => {
    const grant = view.get(key) ?? (await getGrant(key, client, signal));
    await removeStrangers(key, grant, options, signal);
    const knownProgress = underWay.get(key);
    underWay.delete(key);
    if (!grant) return undefined;

    let facts = await observe(grant, options);
    if (knownProgress?.uid === grant.metadata.uid) facts = { ...facts, progress: knownProgress.progress };
    const refused = refusals.recall(key, grant.metadata.uid, now());
    if (refused) facts = { ...facts, failure: refused.failure };
    let conflicts = 0;
    for (let plans = 0; plans < MOST_PLANS; plans++) {
      const plan = decide(facts);
      if (plan.steps.length === 0) {
        if (isBeingLookedAt(facts)) underWay.set(key, { uid: grant.metadata.uid, progress: facts.progress });
        refusals.note(key, grant.metadata.uid, facts.failure, plan.againAt);
        const againAt = Math.min(plan.againAt ?? Infinity, refused?.until ?? Infinity);
        return whenNext(againAt, facts, now());
      }
      try {
        const known = facts.unrecorded;
        const after = await carryOut(plan, facts, async (action, state) => {
          const change = await apply(action, state, { ...options, signal });
          if (change.grant) view.wrote(key, state.grant, change.grant);
          return change;
        });
        facts = { ...after, now: now() };
        if (facts.unrecorded !== known)
          logger.error('a status is not stored', { key, why: facts.unrecorded });
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        // Somebody wrote or deleted the grant meanwhile. What was decided on is old: read, and decide anew.
        const fresh = await view.refresh(key, () => getGrant(key, client, signal));
        if (fresh?.metadata.uid !== grant.metadata.uid) return { requeueAfterMs: 1 };
        const { progress, written } = facts;
        facts = { ...(await observe(fresh, options)), progress, written };
        if (++conflicts > MOST_CONFLICTS)
          facts.unrecorded = 'the grant is changed faster than it can be written';
      }
    }
    logger.error('a grant does not come to rest', { key, phase: facts.grant.status?.phase });
    throw new Error(`${key} does not come to rest after ${MOST_PLANS} plans`);
  };
}

/** Everything is removed, and what the API server still allows is asked again in a moment. */
function isBeingLookedAt(facts: Facts): boolean {
  const phase = facts.grant.status?.phase;
  if (phase === 'Suspended')
    return !areRightsTaken(facts) && facts.progress.rightsLook?.remaining.length === 0;
  return phase === 'Revoking' && facts.progress.look?.remaining.length === 0;
}

/** A grant that waits for its beginning, or whose rights are gone, must not stand before others' ends. */
function whenNext(againAt: number, facts: Facts, now: number): Result | undefined {
  if (againAt === Infinity) return undefined;
  const mayHoldRights = !isBeforeActive(facts.grant.status?.phase) && !isBeingLookedAt(facts);
  return { requeueAfterMs: Math.max(1, againAt - now), ...(mayHoldRights && { priority: URGENT }) };
}

async function getGrant(
  key: string,
  client: Client,
  signal: AbortSignal,
): Promise<Stored<TaskGrant> | undefined> {
  const [namespace = '', name = ''] = key.split('/');
  try {
    return await client.get(taskGrants, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Removes what stands in the place of a grant that is no more, or of an earlier one of the same name: left over by a
 * process that was paused or killed. What is going already is left to go: somebody's finalizer may hold it for ever.
 */
async function removeStrangers(
  key: string,
  grant: Stored<TaskGrant> | undefined,
  { readers, client, logger, onSwept }: GrantReconcilerOptions,
  signal: AbortSignal,
): Promise<void> {
  const isOf = (owner: Stored<TaskGrant> | undefined, object: FoundObject) =>
    owner !== undefined && isIssuedFor(owner, object);
  const apparent = labelledFor(key, readers).filter((object) => !isGoing(object) && !isOf(grant, object));
  if (apparent.length === 0) return;
  // A cache that is behind may have an earlier grant of the name, and this be the later one's.
  const current = await getGrant(key, client, signal);
  const strangers = apparent.filter((object) => !isOf(current, object));
  await Promise.all(
    strangers.map(async (object) => {
      const item = inventoryItemOf(object);
      const { uid } = object.metadata;
      // It may be where deletions are refused, and whoever labelled it so must not stop the grant that is there.
      const isGone = await unlessRefused(item, { logger }, () =>
        removeIssued({ ...item, uid }, { client, signal }),
      );
      if (isGone) onSwept(item);
    }),
  );
}
