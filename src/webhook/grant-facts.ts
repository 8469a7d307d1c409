/** Grants from the cache, waited for where they are not active yet, and asked for anew before a no. */
import type { Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { isActive, isOver, isSuspended } from '../core/envelope/grant-in-force.ts';
import { isNotFound } from '../kube/api-error.ts';
import { startTimer } from '../kube/clock.ts';
import type { Client } from '../kube/client.ts';
import type { Reader } from '../kube/reader.ts';
import { taskGrants } from '../kube/resources.ts';
import { keyOf } from '../kube/store.ts';
import { unfinishedKey } from './caches.ts';
import type { GrantFacts, Wait } from './facts.ts';
import type { HoldMetrics } from './metrics.ts';

export interface GrantFactsOptions {
  client: Pick<Client, 'get'>;
  cache: Pick<Reader<TaskGrant, 'unfinished' | 'activated'>, 'get' | 'byIndex' | 'subscribe'>;
  metrics: HoldMetrics;
  /** Milliseconds since the epoch. */
  now: () => number;
}

interface Hold extends Wait {
  /** The UID of a grant that is gone although the cache still has it. */
  outdated: string | undefined;
}

/**
 * How many requests of one namespace may be held at a time. Each keeps one of the seats that the API server's priority
 * and fairness gives to its user (600 in all by default, of which a plain user has 49), so pods that name grants which
 * never come must not use them up.
 */
const MAX_HELD_PER_NAMESPACE = 32;

/**
 * Those that create pods for others are held one at a time and not for long: the Job and ReplicaSet controllers have five
 * workers for the whole cluster, DaemonSets two (kube-controller-manager, --concurrent-*-syncs), and try again after a second.
 */
const CONTROLLERS = { maxHeld: 1, maxMs: 1000 };

export function createGrantFacts({ client, cache, metrics, now }: GrantFactsOptions): GrantFacts {
  /** Who waits for a grant, by its key: one subscription serves them all. */
  const waiting = new Map<string, Set<() => void>>();
  /** How many are held, by the namespace or the controller. */
  const heldFor = new Map<string, number>();
  cache.subscribe(({ object }) => {
    for (const wake of waiting.get(keyOf(object)) ?? []) wake();
  });

  const current = async (namespace: string, name: string): Promise<Stored<TaskGrant> | undefined> => {
    // The label's value may be empty, and no object has such a name.
    if (name === '') return undefined;
    try {
      return await client.get(taskGrants, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  /** Resolves when the cache has a settled grant that is not the outdated one, or when the time is up. */
  const heardOf = (key: string, { ms, signal, outdated }: Omit<Hold, 'controller'>): Promise<void> =>
    new Promise((resolve) => {
      const until = now() + ms;
      const wakers = waiting.get(key) ?? new Set();
      waiting.set(key, wakers);
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        wakers.delete(wake);
        if (wakers.size === 0) waiting.delete(key);
        resolve();
      };
      const wake = () => {
        const grant = cache.get(key);
        if (grant && grant.metadata.uid !== outdated && hasSettled(grant, until)) done();
      };
      const cancel = startTimer(ms, done);
      wakers.add(wake);
      signal.addEventListener('abort', done, { once: true });
      // It may have settled while the API server was asked.
      wake();
    });

  const hold = async (namespace: string, name: string, wait: Hold): Promise<void> => {
    const { controller } = wait;
    const [who, most, ms] =
      controller === undefined
        ? [`namespace ${namespace}`, MAX_HELD_PER_NAMESPACE, wait.ms]
        : [`controller ${controller}`, CONTROLLERS.maxHeld, Math.min(wait.ms, CONTROLLERS.maxMs)];
    const held = heldFor.get(who) ?? 0;
    if (ms <= 0 || held >= most || wait.signal.aborted) return;
    heldFor.set(who, held + 1);
    const release = metrics.holding();
    await heardOf(keyOf({ metadata: { namespace, name } }), { ...wait, ms });
    release();
    const left = (heldFor.get(who) ?? 1) - 1;
    if (left > 0) heldFor.set(who, left);
    else heldFor.delete(who);
  };

  return {
    current,
    async get(namespace, name) {
      const cached = cache.get(keyOf({ metadata: { namespace, name } }));
      return cached && isActive(cached) ? cached : current(namespace, name);
    },
    async settled(namespace, name, wait) {
      const { ms, controller } = wait;
      const key = keyOf({ metadata: { namespace, name } });
      const cached = cache.get(key);
      if (cached && isActive(cached)) return cached;
      // Where the cache has an old grant that is over, there may be a new one of the same name already.
      const isOutdated = cached !== undefined && isOver(cached);
      const isForExisting = controller !== undefined;
      const first = isOutdated || (isForExisting && !cached) ? await current(namespace, name) : cached;
      if (first ? hasSettled(first, now() + ms) : isForExisting) return first;
      await hold(namespace, name, { ...wait, outdated: isOutdated ? cached.metadata.uid : undefined });
      const heard = cache.get(key);
      return heard && isActive(heard) ? heard : current(namespace, name);
    },
    countUnfinished: (namespace, className) =>
      cache.byIndex('unfinished', unfinishedKey(namespace, className)).length,
    countActivated: (namespace) => cache.byIndex('activated', namespace).length,
  };
}

/** Whether waiting until then, in milliseconds since the epoch, could not change what is answered. */
function hasSettled(grant: TaskGrant, until: number): boolean {
  if (isActive(grant) || isOver(grant)) return true;
  // These wait for people.
  if (grant.status?.phase === 'AwaitingApproval' || isSuspended(grant)) return true;
  return grant.spec.notBefore !== undefined && Date.parse(grant.spec.notBefore) > until;
}
