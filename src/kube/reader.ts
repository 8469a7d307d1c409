import type { KubernetesObject, Stored } from '../api/kubernetes.ts';
import { ApiError, NoAnswerError, isExpired } from './api-error.ts';
import { REFLECTOR_BACKOFF, delayAskedFor } from './backoff.ts';
import type { Client } from './client.ts';
import { monotonicNow, sleep } from './clock.ts';
import type { Random } from './clock.ts';
import { PAGE_SIZE, pagesOf } from './list-all.ts';
import type { Logger } from './logger.ts';
import type { ReaderMetrics } from './metrics.ts';
import type { Resource } from './resources.ts';
import { createStore, keyOf } from './store.ts';
import type { Change, Indexer } from './store.ts';
import { createWatchAudit, versionOf } from './watch-audit.ts';
import type { WatchAudit } from './watch-audit.ts';
import { WatchFault } from './watch-events.ts';
import type { WatchEvent } from './watch-events.ts';
import { watchStream } from './watch-stream.ts';

export interface ReaderOptions<T extends KubernetesObject, Index extends string> {
  client: Client;
  resource: Resource<T>;
  logger: Logger;
  /** What metrics and logs call it: the resource, when left out; of two readers of one, one has another name. */
  name?: string;
  /** All namespaces when left out. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** What of an object is kept, to save memory. `managedFields` is never kept. */
  transform?: (object: Stored<T>) => Stored<T>;
  indexers?: Readonly<Record<Index, Indexer<T>>>;
  metrics?: ReaderMetrics;
  /** How often, in milliseconds and give or take a tenth, a list checks what the watch has told. Default: 5 minutes. */
  relistIntervalMs?: number;
  /** How far behind a list the watch may be before it counts as having missed something. Default: 10 s. */
  watchLagMs?: number;
  /**
   * A watch on which nothing came for so long is made anew. Default: 150 s; the API server sends a bookmark each minute
   * (k8s.io/apiserver/pkg/storage/cacher, defaultBookmarkFrequency), and was seen to leave one out now and then. A peer
   * that is gone is noticed sooner, by TCP keep-alive; this is for one that is there and says nothing.
   */
  silenceLimitMs?: number;
  random?: Random;
}

/**
 * A copy of a collection of the API server, kept up to date: list, then watch, and never give up. Objects are shared
 * with every other caller and must not be changed.
 */
export interface Reader<T extends KubernetesObject, Index extends string = never> {
  start(): void;
  /** Resolves when nothing is under way any more. A reader that was stopped stays stopped. */
  stop(): Promise<void>;
  /** Whether everything that was there at the start has been read and delivered. */
  hasSynced(): boolean;
  /** @throws the signal's reason, or an Error when the reader is stopped before. */
  waitForSync(signal?: AbortSignal): Promise<void>;
  /** @param key `namespace/name`, or `name` for cluster-scoped kinds: see `keyOf`. */
  get(key: string): Stored<T> | undefined;
  list(): Stored<T>[];
  byIndex(index: Index, value: string): Stored<T>[];
  /**
   * Delivers every change from now on, and what is there already as `added`. Changes come synchronously and in order,
   * after the cache has changed; of several between two lists only the outcome is told. A handler that throws is logged
   * and counted, and disturbs nobody else.
   * @returns a function that ends it.
   */
  subscribe(handler: (change: Change<T>) => void): () => void;
  /** When anything was last received for this reader, by `monotonicNow`; undefined when nothing ever was. */
  lastContactAt(): number | undefined;
}

/** client-go's least time of a watch; the most is twice that (tools/cache/reflector.go, minWatchTimeout). */
const MIN_WATCH_SECONDS = 300;

/** A watch that ended sooner and brought nothing is a failure: client-go's VeryShortWatchError. */
const SHORT_WATCH_MS = 1000;

/** After so many failures in a row the position in the watch is itself in doubt: list again. */
const FAILURES_BEFORE_RELIST = 3;

/** Thrown into a watch that has to give way to a list. */
class RelistNeeded extends Error {
  override readonly name = 'RelistNeeded';
}

export const createReader = <T extends KubernetesObject, Index extends string = never>({
  client,
  resource,
  logger: parentLogger,
  name = resource.plural,
  namespace,
  labelSelector,
  fieldSelector,
  transform = (object) => object,
  indexers = {} as Readonly<Record<Index, Indexer<T>>>,
  metrics,
  relistIntervalMs = 300_000,
  watchLagMs = 10_000,
  silenceLimitMs = 150_000,
  random = Math.random,
}: ReaderOptions<T, Index>): Reader<T, Index> => {
  const labels = { resource: name };
  const logger = parentLogger.child(labels);
  const store = createStore<T, Index>(indexers);
  const handlers = new Set<(change: Change<T>) => void>();
  const stopping = new AbortController();
  const synced = Promise.withResolvers<undefined>();
  // Whoever waits hears of it; nobody need wait.
  synced.promise.catch(() => undefined);
  let hasSynced = false;
  let running: Promise<unknown> | undefined;
  let contactAt: number | undefined;
  /** The resource version from which to watch; undefined when a list has to come first. */
  let position: string | undefined;
  let watching: AbortController | undefined;
  let inPages = true;
  let audit: WatchAudit | undefined;
  let relists = 0;
  const samples: (() => void)[] = [];

  const stopped = () => stopping.signal.aborted;
  const onContact = () => {
    contactAt = monotonicNow();
  };

  const deliver = (change: Change<T> | undefined) => {
    if (!change) return;
    metrics?.events.inc({ ...labels, type: change.type });
    for (const handler of [...handlers]) tell(handler, change);
  };

  const tell = (handler: (change: Change<T>) => void, change: Change<T>) => {
    try {
      handler(change);
    } catch (error) {
      metrics?.handlerErrors.inc(labels);
      logger.error('a handler of changes threw', { key: keyOf(change.object), change: change.type, error });
    }
  };

  const slim = (object: Stored<T>): Stored<T> => {
    delete object.metadata.managedFields;
    return transform(object);
  };

  const put = (key: string, object: Stored<T>) => {
    const known = store.get(key);
    if (known && known.metadata.uid !== object.metadata.uid) deliver(store.remove(key));
    deliver(store.put(slim(object)));
  };

  /** Lists everything, page by page, each page delivered as it comes; then takes out what was on none of them. */
  const relist = async (limit: number | undefined): Promise<string> => {
    relists += 1;
    audit = undefined;
    const vanished = new Set(store.keys());
    let resourceVersion = '';
    const options = { labelSelector, fieldSelector, limit, signal: stopping.signal };
    for await (const page of pagesOf(client, resource, { namespace }, options)) {
      stopping.signal.throwIfAborted();
      onContact();
      resourceVersion = page.resourceVersion;
      for (const object of page.items) {
        const key = keyOf(object);
        vanished.delete(key);
        put(key, object);
      }
    }
    for (const key of vanished) deliver(store.remove(key));
    return resourceVersion;
  };

  const apply = (event: WatchEvent<T>) => {
    if (event.type === 'BOOKMARK') {
      position = event.resourceVersion;
      return;
    }
    const { type, object } = event;
    const key = keyOf(object);
    if (type === 'DELETED') {
      audit?.toldGone(object.metadata.uid);
      if (store.get(key)?.metadata.uid === object.metadata.uid) deliver(store.remove(key, slim(object)));
    } else {
      const replaced = store.get(key)?.metadata.uid;
      if (replaced !== undefined && replaced !== object.metadata.uid) audit?.toldGone(replaced);
      audit?.told(versionOf(key, object.metadata));
      put(key, object);
    }
    position = object.metadata.resourceVersion;
  };

  /**
   * One watch, from its beginning to its end. Returns when there is no reason to wait before the next one: it ended as
   * it should, or it broke after it had been of use.
   */
  const watchOnce = async (from: string): Promise<void> => {
    const startedAt = monotonicNow();
    const ended = (end: string) => metrics?.watches.inc({ ...labels, end });
    const controller = new AbortController();
    watching = controller;
    try {
      const stream = watchStream(
        client,
        resource,
        { namespace },
        {
          labelSelector,
          fieldSelector,
          resourceVersion: from,
          timeoutSeconds: Math.round(MIN_WATCH_SECONDS * (1 + random())),
          signal: AbortSignal.any([controller.signal, stopping.signal]),
          silenceLimitMs,
          onContact,
        },
      );
      for await (const events of stream)
        for (const event of events) {
          // What came before the watch was told to give way is left to the list.
          controller.signal.throwIfAborted();
          apply(event);
        }
    } catch (error) {
      if (stopped()) return;
      if (error instanceof RelistNeeded) {
        ended('relist');
        position = undefined;
        return;
      }
      ended(
        isExpired(error) ? 'expired' : error instanceof NoAnswerError ? error.reason.toLowerCase() : 'error',
      );
      if (!(error instanceof NoAnswerError) || wasUseless(startedAt, from)) throw error;
      logger.info('a watch broke, watching on', { error });
      return;
    } finally {
      watching = undefined;
    }
    ended('closed');
    if (wasUseless(startedAt, from))
      throw new WatchFault(`watch ${resource.plural}: it was closed at once, with nothing in it`);
  };

  const wasUseless = (startedAt: number, from: string) =>
    position === from && monotonicNow() - startedAt < SHORT_WATCH_MS;

  const catchUp = async (): Promise<string> => {
    try {
      const listedAt = await relist(inPages ? PAGE_SIZE : undefined);
      inPages = true;
      metrics?.lists.inc({ ...labels, result: 'success' });
      if (!hasSynced) {
        hasSynced = true;
        synced.resolve(undefined);
      }
      return listedAt;
    } catch (error) {
      metrics?.lists.inc({ ...labels, result: 'error' });
      // The version that the list is read at was gone before its last page: ask for it in one piece, as client-go does.
      inPages = !isExpired(error);
      throw error;
    }
  };

  const keepUp = async (): Promise<void> => {
    let failures = 0;
    while (!stopped()) {
      try {
        position ??= await catchUp();
        await watchOnce(position);
        failures = 0;
      } catch (error) {
        if (stopped()) return;
        failures += 1;
        if (isExpired(error) || failures >= FAILURES_BEFORE_RELIST) position = undefined;
        const asked = error instanceof ApiError ? error.retryAfterSeconds : undefined;
        const waitMs = delayAskedFor(asked, REFLECTOR_BACKOFF, failures, random);
        logger.warn('cannot keep up with the API server, trying again', { error, failures, waitMs });
        await sleep(waitMs, stopping.signal).catch(() => undefined);
      }
    }
  };

  /** Lists on a timer, beside the watch, and has the reader list in its stead when the watch has missed something. */
  const keepHonest = async (): Promise<void> => {
    for (;;) {
      await sleep(relistIntervalMs * (0.9 + 0.2 * random()), stopping.signal);
      if (position === undefined) continue;
      try {
        await checkOnce();
      } catch (error) {
        if (stopped()) return;
        logger.warn('the list on the timer failed, the next one will do', { error });
      }
    }
  };

  const checkOnce = async (): Promise<void> => {
    const current = createWatchAudit(store.list().map((object) => versionOf(keyOf(object), object.metadata)));
    audit = current;
    const relistsBefore = relists;
    const relistedSince = () => relists !== relistsBefore;
    const options = { labelSelector, fieldSelector, metadataOnly: true, signal: stopping.signal };
    for await (const { items } of pagesOf(client, resource, { namespace }, options)) {
      onContact();
      for (const item of items) current.listed(versionOf(keyOf(item), item.metadata));
    }
    if (current.missed().length > 0) await sleep(watchLagMs, stopping.signal);
    // A full list came in between, and with it everything.
    if (relistedSince()) return;
    audit = undefined;
    const missed = current.missed();
    if (missed.length === 0) return;
    metrics?.missed.inc(labels, missed.length);
    logger.error('the watch has missed changes, listing again', {
      missed: missed.length,
      examples: missed.slice(0, 5),
    });
    if (watching) watching.abort(new RelistNeeded('the watch has missed changes'));
    else position = undefined;
  };

  return {
    start() {
      if (running || stopping.signal.aborted) return;
      const startedAt = monotonicNow();
      samples.push(
        ...(metrics
          ? [
              metrics.objects.sample(labels, () => store.size()),
              metrics.silence.sample(labels, () => (monotonicNow() - (contactAt ?? startedAt)) / 1000),
            ]
          : []),
      );
      metrics?.missed.inc(labels, 0);
      metrics?.handlerErrors.inc(labels, 0);
      running = Promise.all([keepUp(), keepHonest().catch(() => undefined)]);
    },
    async stop() {
      stopping.abort(new Error(`the reader of ${resource.plural} was stopped`));
      if (!hasSynced) synced.reject(stopping.signal.reason);
      await running;
      for (const end of samples.splice(0)) end();
    },
    hasSynced: () => hasSynced,
    async waitForSync(signal) {
      await (signal ? Promise.race([synced.promise, abortOf(signal)]) : synced.promise);
    },
    get: (key) => store.get(key),
    list: () => store.list(),
    byIndex: (index, value) => store.byIndex(index, value),
    subscribe(handler) {
      for (const object of store.list()) tell(handler, { type: 'added', object });
      handlers.add(handler);
      return () => {
        handlers.delete(handler);
      };
    },
    lastContactAt: () => contactAt,
  };
};

/** Never resolves; rejects with the signal's reason. */
const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener(
      'abort',
      () => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
        reject(signal.reason);
      },
      { once: true },
    );
  });
