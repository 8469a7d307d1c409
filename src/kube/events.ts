import { randomBytes } from 'node:crypto';
import type { Event, KubernetesObject, ObjectReference } from '../api/kubernetes.ts';
import { ApiError, isAlreadyExists, isNotFound } from './api-error.ts';
import type { Client } from './client.ts';
import { monotonicNow, sleep, startTimer } from './clock.ts';
import { createOpenSeries } from './event-series.ts';
import type { EventInput, Series } from './event-series.ts';
import type { Logger } from './logger.ts';
import { microTime } from './micro-time.ts';
import type { EventMetrics } from './metrics.ts';
import { events } from './resources.ts';

export interface EventRecorderOptions {
  client: Client;
  /** As in `taskgrant.dev/controller`. */
  reportingController: string;
  /** Which of its processes: the pod's name. At most 128 characters. */
  reportingInstance: string;
  logger: Logger;
  metrics?: EventMetrics;
}

/**
 * Writes Events (events.k8s.io/v1) in the background. Repeats within six minutes become one Event with a series. Events
 * are for people who look; what matters is in the decision log, so an Event may be given up (and is counted then).
 */
export interface EventRecorder {
  /** Never throws, never waits. */
  record(input: EventInput): void;
  /** Waits until everything that was recorded is written or given up, for at most so many milliseconds. */
  flush(timeoutMs: number): Promise<void>;
}

/** client-go's queue is as long (tools/record, maxQueuedEvents). */
const MAX_PENDING = 1000;

/** So many series, at about 1 KiB each, are remembered. */
const MAX_OPEN_SERIES = 4096;

/** How often an Event is sent that the API server did not answer. */
const MAX_ATTEMPTS = 5;
const RETRY_MS = 1000;

/** A series is written at once on its first repeat, then at most so often. */
const SERIES_INTERVAL_MS = 10_000;

/** k8s.io/kubernetes/pkg/apis/core/validation/events.go, NoteLengthLimit; in bytes. */
const MAX_NOTE_BYTES = 1024;

/** What an Event regards, from an object that the API server returned. */
export const referenceTo = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectReference => ({
  apiVersion,
  kind,
  ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  ...(metadata.name !== undefined && { name: metadata.name }),
  ...(metadata.uid !== undefined && { uid: metadata.uid }),
  ...(metadata.resourceVersion !== undefined && { resourceVersion: metadata.resourceVersion }),
});

/** Names of Events are DNS subdomains of at most 253 characters; the object's own name, in front, is for people. */
export const eventName = (regarding: ObjectReference, random: string): string => {
  const subdomain = (regarding.name ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 253 - 1 - random.length)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return subdomain === '' ? random : `${subdomain}.${random}`;
};

/** The beginning of a text that fits into so many bytes of UTF-8, characters left whole. */
export const cutToBytes = (text: string, maxBytes: number): string => {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
};

const seriesOf = ({ count, lastAt }: Series) => ({ count, lastObservedTime: microTime(lastAt) });

/** What is known of a series beyond what was recorded: how it stands with the API server. */
interface Delivery {
  place: { namespace: string; name: string };
  stored: boolean;
  /** When it was written last, by `monotonicNow`. */
  writtenAt: number;
  /** Calls off the write that is planned. */
  cancel?: () => void;
}

export const createEventRecorder = ({
  client,
  reportingController,
  reportingInstance,
  logger,
  metrics,
}: EventRecorderOptions): EventRecorder => {
  const open = createOpenSeries(MAX_OPEN_SERIES);
  const deliveries = new WeakMap<Series, Delivery>();
  /** To be written now, in this order. */
  const pending = new Set<Series>();
  /** To be written when their interval is over. */
  const planned = new Set<Series>();
  let writing: Promise<void> | undefined;
  for (const cause of ['queue', 'refused', 'unreachable']) metrics?.dropped.inc({ cause }, 0);
  for (const type of ['Normal', 'Warning']) metrics?.recorded.inc({ type }, 0);

  const newPlace = ({ input: { regarding } }: Series) => ({
    // Events about what is cluster-scoped are in `default`, as client-go has it.
    namespace: regarding.namespace ?? 'default',
    name: eventName(regarding, randomBytes(8).toString('hex')),
  });

  const deliveryOf = (series: Series): Delivery => {
    const known = deliveries.get(series);
    if (known) return known;
    const delivery = { place: newPlace(series), stored: false, writtenAt: -Infinity };
    deliveries.set(series, delivery);
    return delivery;
  };

  const eventOf = (series: Series, place: Delivery['place']): Event => ({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: place,
    eventTime: microTime(series.firstAt),
    reportingController,
    reportingInstance,
    ...series.input,
    note: cutToBytes(series.input.note, MAX_NOTE_BYTES),
    ...(series.count > 1 && { series: seriesOf(series) }),
  });

  const write = async (series: Series): Promise<void> => {
    const delivery = deliveryOf(series);
    if (delivery.stored) {
      try {
        await client.patch(events, delivery.place, { type: 'merge', body: { series: seriesOf(series) } });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // It was deleted, or its time to live is over: it begins anew, under a new name.
        delivery.place = newPlace(series);
        delivery.stored = false;
      }
    }
    try {
      await client.create(events, eventOf(series, delivery.place));
    } catch (error) {
      // The name is random: it is an earlier attempt of ours, whose answer did not reach us.
      if (!isAlreadyExists(error)) throw error;
    }
    delivery.stored = true;
  };

  const drop = (series: Series, cause: 'queue' | 'refused' | 'unreachable', error?: unknown) => {
    open.end(series);
    metrics?.dropped.inc({ cause });
    logger.debug('gave up an event', { reason: series.input.reason, cause, error });
  };

  const writeWithPatience = async (series: Series): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await write(series);
        return;
      } catch (error) {
        if (error instanceof ApiError) {
          drop(series, 'refused', error);
          return;
        }
        if (attempt === MAX_ATTEMPTS) {
          drop(series, 'unreachable', error);
          return;
        }
        await sleep(RETRY_MS * 2 ** (attempt - 1));
      }
    }
  };

  const writeAll = async (): Promise<void> => {
    for (const series of pending) {
      pending.delete(series);
      deliveryOf(series).writtenAt = monotonicNow();
      await writeWithPatience(series);
    }
    writing = undefined;
  };

  const writeSoon = (series: Series) => {
    if (pending.size >= MAX_PENDING && !pending.has(series)) {
      drop(series, 'queue');
      return;
    }
    pending.add(series);
    writing ??= writeAll();
  };

  const plan = (series: Series) => {
    if (planned.has(series)) return;
    const delivery = deliveryOf(series);
    const waitMs = series.count <= 2 ? 0 : delivery.writtenAt + SERIES_INTERVAL_MS - monotonicNow();
    if (waitMs <= 0) {
      writeSoon(series);
      return;
    }
    planned.add(series);
    delivery.cancel = startTimer(waitMs, () => {
      planned.delete(series);
      writeSoon(series);
    });
  };

  return {
    record(input) {
      metrics?.recorded.inc({ type: input.type });
      plan(open.add(input, new Date()));
    },
    async flush(timeoutMs) {
      for (const series of planned) {
        deliveries.get(series)?.cancel?.();
        writeSoon(series);
      }
      planned.clear();
      const timeout = new AbortController();
      await Promise.race([writing, sleep(timeoutMs, timeout.signal).catch(() => undefined)]);
      timeout.abort();
    },
  };
};
