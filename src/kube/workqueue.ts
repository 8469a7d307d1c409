import { backoffDelay } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { monotonicNow } from './clock.ts';
import { createDeadlines } from './deadlines.ts';
import type { QueueMetrics } from './metrics.ts';

export interface AddOptions {
  /** Higher is sooner; within a priority, first come first served. Default: 0. */
  priority?: number | undefined;
}

export interface QueueItem {
  key: string;
  /** The highest with which the key was added since it was taken last. */
  priority: number;
}

/**
 * Keys of objects to look at, with the semantics of client-go's util/workqueue: a key that waits is not added twice;
 * a key is with one worker at a time; one that is added while it is being worked on is handed out again afterwards.
 */
export interface WorkQueue {
  add(key: string, options?: AddOptions): void;
  /** Adds the key in `ms` milliseconds; of several such additions the earliest counts. Any length works. */
  addAfter(key: string, ms: number, options?: AddOptions): void;
  /** Adds the key after its own backoff, which doubles with every such addition until it is forgotten. */
  addRateLimited(key: string, options?: AddOptions): void;
  /** The key's work went well: its backoff begins anew. */
  forget(key: string): void;
  /** How often the key was added by `addRateLimited` since it was forgotten. */
  retries(key: string): number;
  /** The next key, when there is one; undefined once the queue was shut down. */
  take(): Promise<QueueItem | undefined>;
  /** The work that `take` handed out is done, well or not. */
  done(key: string): void;
  /** How many keys wait to be taken, those of `addAfter` not counted. */
  depth(): number;
  /** Takes nothing more in and hands nothing more out. Resolves when everything that was handed out is done. */
  shutDown(): Promise<void>;
}

export interface WorkQueueOptions {
  /** The value of the metrics' label. */
  name: string;
  metrics?: QueueMetrics;
  backoff?: BackoffPolicy;
}

/** client-go's 5 ms doubling, but to half a minute and not to its 1000 s: a revocation may be waiting behind it. */
export const QUEUE_BACKOFF: BackoffPolicy = { initialMs: 5, maxMs: 30_000, factor: 2, jitter: 0 };

export const createWorkQueue = ({ name, metrics, backoff = QUEUE_BACKOFF }: WorkQueueOptions): WorkQueue => {
  /** Each waiting key with the time at which it was added, by priority, in order of arrival. */
  const waiting = new Map<number, Map<string, number>>();
  const priorityOf = new Map<string, number>();
  /** When each key that is being worked on was taken. */
  const working = new Map<string, number>();
  /** Keys that were added while they were being worked on. */
  const again = new Map<string, number>();
  const failures = new Map<string, number>();
  const takers: ((item: QueueItem | undefined) => void)[] = [];
  const onDrained: (() => void)[] = [];
  let closed = false;

  const hand = (key: string, priority: number, addedAt: number): QueueItem => {
    const now = monotonicNow();
    working.set(key, now);
    metrics?.waited.observe({ name }, (now - addedAt) / 1000);
    return { key, priority };
  };

  const enqueue = (key: string, priority: number) => {
    const known = priorityOf.get(key);
    if (known !== undefined) {
      if (priority > known) {
        const addedAt = waiting.get(known)?.get(key) ?? monotonicNow();
        waiting.get(known)?.delete(key);
        put(key, priority, addedAt);
      }
      return;
    }
    metrics?.adds.inc({ name });
    const taker = takers.shift();
    if (taker) taker(hand(key, priority, monotonicNow()));
    else put(key, priority, monotonicNow());
  };

  const put = (key: string, priority: number, addedAt: number) => {
    priorityOf.set(key, priority);
    const level = waiting.get(priority);
    if (level) level.set(key, addedAt);
    else waiting.set(priority, new Map([[key, addedAt]]));
  };

  const takeFirst = (): QueueItem | undefined => {
    let highest: number | undefined;
    for (const [priority, level] of waiting)
      if (level.size > 0 && (highest === undefined || priority > highest)) highest = priority;
    if (highest === undefined) return undefined;
    const level = waiting.get(highest);
    for (const [key, addedAt] of level ?? []) {
      level?.delete(key);
      priorityOf.delete(key);
      return hand(key, highest, addedAt);
    }
    return undefined;
  };

  const add = (key: string, priority: number) => {
    if (closed) return;
    if (working.has(key)) again.set(key, Math.max(priority, again.get(key) ?? priority));
    else enqueue(key, priority);
  };
  const deadlines = createDeadlines(add);

  metrics?.adds.inc({ name }, 0);
  metrics?.retries.inc({ name }, 0);
  const ages = () => [...working.values()].map((takenAt) => (monotonicNow() - takenAt) / 1000);
  const samples = [
    metrics?.depth.sample({ name }, () => priorityOf.size),
    metrics?.unfinished.sample({ name }, () => ages().reduce((sum, age) => sum + age, 0)),
    metrics?.longestRunning.sample({ name }, () => Math.max(0, ...ages())),
  ];

  return {
    add(key, { priority = 0 } = {}) {
      add(key, priority);
    },
    addAfter(key, ms, { priority = 0 } = {}) {
      if (closed) return;
      if (ms <= 0) add(key, priority);
      else deadlines.add(key, ms, priority);
    },
    addRateLimited(key, { priority = 0 } = {}) {
      if (closed) return;
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      metrics?.retries.inc({ name });
      deadlines.add(key, backoffDelay(backoff, count, Math.random), priority);
    },
    forget(key) {
      failures.delete(key);
    },
    retries: (key) => failures.get(key) ?? 0,
    take() {
      if (closed) return Promise.resolve(undefined);
      const item = takeFirst();
      return item ? Promise.resolve(item) : new Promise((resolve) => takers.push(resolve));
    },
    done(key) {
      const takenAt = working.get(key);
      if (takenAt === undefined) return;
      working.delete(key);
      metrics?.worked.observe({ name }, (monotonicNow() - takenAt) / 1000);
      const priority = again.get(key);
      again.delete(key);
      if (priority !== undefined && !closed) enqueue(key, priority);
      if (closed && working.size === 0) for (const drained of onDrained.splice(0)) drained();
    },
    depth: () => priorityOf.size,
    shutDown() {
      closed = true;
      for (const end of samples) end?.();
      deadlines.clear();
      waiting.clear();
      priorityOf.clear();
      again.clear();
      for (const taker of takers.splice(0)) taker(undefined);
      return working.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onDrained.push(resolve);
          });
    },
  };
};
