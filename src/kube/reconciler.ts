import { monotonicNow } from './clock.ts';
import type { Logger } from './logger.ts';
import type { KubeMetrics } from './metrics.ts';
import { createWorkQueue } from './workqueue.ts';
import type { QueueItem, WorkQueue } from './workqueue.ts';

export interface Result {
  /** Look at this key again after so long, whatever happens until then. Any length works. */
  requeueAfterMs?: number | undefined;
  /** Of that later look. Default: 0. */
  priority?: number | undefined;
}

/**
 * Brings the world nearer to what the object with this key asks for, from whatever state it finds: observe, decide,
 * apply. It is called with one key at a time per key, and may be called at any moment, again, for nothing.
 *
 * Resolves with nothing when all is done. Throws when it should be tried again, after a backoff of the key's own; a
 * TerminalError when trying again is of no use. The signal is aborted when it must stop: leadership was lost, or the
 * process ends.
 */
export type Reconciler = (key: string, signal: AbortSignal) => Promise<Result | undefined>;

/** Trying again is of no use until the object changes. As controller-runtime's reconcile.TerminalError. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

export interface ControllerOptions {
  /** The value of the metrics' labels. */
  name: string;
  reconcile: Reconciler;
  logger: Logger;
  /** How many keys are worked on at a time. Default: 1. */
  concurrency?: number;
  metrics?: Pick<KubeMetrics, 'queue' | 'reconciler'>;
}

/** A queue, and workers who reconcile what is in it. */
export interface Controller {
  /** Add keys here; those that are added before `start` wait for it. */
  readonly queue: WorkQueue;
  start(): void;
  /**
   * Takes up nothing new, and waits for what is being worked on. After `drainMs` milliseconds (default: 0, at once) the
   * reconcilers' signal is aborted. Resolves when the last one has returned.
   */
  stop(options?: { drainMs?: number }): Promise<void>;
}

export const createController = ({
  name,
  reconcile,
  logger: parentLogger,
  concurrency = 1,
  metrics,
}: ControllerOptions): Controller => {
  const logger = parentLogger.child({ controller: name });
  const queue = createWorkQueue({ name, ...(metrics && { metrics: metrics.queue }) });
  const abort = new AbortController();
  const labels = { controller: name };
  const meters = metrics?.reconciler;
  for (const result of ['success', 'requeue_after', 'error'])
    meters?.reconciles.inc({ ...labels, result }, 0);
  meters?.errors.inc(labels, 0);
  meters?.terminalErrors.inc(labels, 0);
  meters?.maxConcurrent.set(labels, concurrency);
  meters?.active.set(labels, 0);

  const settle = (key: string, { requeueAfterMs, priority }: Result) => {
    queue.forget(key);
    const later = requeueAfterMs !== undefined && requeueAfterMs > 0;
    if (later) queue.addAfter(key, requeueAfterMs, { priority });
    meters?.reconciles.inc({ ...labels, result: later ? 'requeue_after' : 'success' });
  };

  const fail = ({ key, priority }: QueueItem, error: unknown) => {
    meters?.reconciles.inc({ ...labels, result: 'error' });
    meters?.errors.inc(labels);
    if (error instanceof TerminalError) {
      meters?.terminalErrors.inc(labels);
      queue.forget(key);
      logger.error('reconciling failed for good', { key, error });
    } else {
      // What was urgent stays so.
      queue.addRateLimited(key, { priority });
      logger.warn('reconciling failed, will be tried again', { key, error, retries: queue.retries(key) });
    }
  };

  const work = async (item: QueueItem) => {
    const startedAt = monotonicNow();
    meters?.active.inc(labels);
    try {
      settle(item.key, (await reconcile(item.key, abort.signal)) ?? {});
    } catch (error) {
      if (abort.signal.aborted) logger.info('reconciling was stopped', { key: item.key });
      else fail(item, error);
    } finally {
      meters?.active.dec(labels);
      meters?.duration.observe(labels, (monotonicNow() - startedAt) / 1000);
      queue.done(item.key);
    }
  };

  const worker = async () => {
    for (;;) {
      const item = await queue.take();
      if (!item) return;
      await work(item);
    }
  };

  return {
    queue,
    start() {
      for (let index = 0; index < concurrency; index++) void worker();
    },
    async stop({ drainMs = 0 } = {}) {
      const timeout = setTimeout(() => {
        abort.abort(new Error(`controller ${name} is stopping`));
      }, drainMs);
      await queue.shutDown();
      clearTimeout(timeout);
    },
  };
};
