import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/**
 * The metrics of this room. Labels are bounded: names of queues, controllers and resources, methods, codes and
 * outcomes; never the name of an object.
 */
export interface KubeMetrics {
  client: ClientMetrics;
  reader: ReaderMetrics;
  queue: QueueMetrics;
  reconciler: ReconcilerMetrics;
  election: ElectionMetrics;
  events: EventMetrics;
}

/** A gauge whose values are read when they are scraped. */
export interface SampledGauge<Label extends string> {
  /** Has the value with these labels read at every scrape, until the returned function is called. */
  sample(labels: Record<Label, string>, read: () => number): () => void;
}

/** Named as in client-go (`rest_client_*`), without the host, since there is one. */
export interface ClientMetrics {
  requests: Counter<'method' | 'code'>;
  retries: Counter<'method'>;
  duration: Histogram<'method'>;
}

export interface ReaderMetrics {
  lists: Counter<'resource' | 'result'>;
  watches: Counter<'resource' | 'end'>;
  events: Counter<'resource' | 'type'>;
  /** Differences that only a list on the timer brought to light: the watch had not told of them. */
  missed: Counter<'resource'>;
  handlerErrors: Counter<'resource'>;
  objects: SampledGauge<'resource'>;
  /** Seconds since the server was last heard of, at the time of the scrape. */
  silence: SampledGauge<'resource'>;
}

/** Named as in client-go (k8s.io/component-base/metrics/prometheus/workqueue). */
export interface QueueMetrics {
  depth: SampledGauge<'name'>;
  adds: Counter<'name'>;
  waited: Histogram<'name'>;
  worked: Histogram<'name'>;
  retries: Counter<'name'>;
  unfinished: SampledGauge<'name'>;
  longestRunning: SampledGauge<'name'>;
}

/** Named as in controller-runtime (pkg/internal/controller/metrics). */
export interface ReconcilerMetrics {
  reconciles: Counter<'controller' | 'result'>;
  errors: Counter<'controller'>;
  terminalErrors: Counter<'controller'>;
  duration: Histogram<'controller'>;
  maxConcurrent: Gauge<'controller'>;
  active: Gauge<'controller'>;
}

export interface ElectionMetrics {
  leading: Gauge<'name'>;
}

export interface EventMetrics {
  recorded: Counter<'type'>;
  dropped: Counter<'cause'>;
}

/** 10 ns to 10 s in decades, as in client-go. */
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

/** controller-runtime's, thinned: every bucket is a line of each scrape. */
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** client-go's, without those beyond our timeouts. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Registers all metrics of this room; once for each registry, or prom-client throws. */
export const createKubeMetrics = (registry: Registry): KubeMetrics => {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const sampledGauge = <Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): SampledGauge<Label> => {
    const samplers = new Set<() => void>();
    const sampled = new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const sampler of samplers) sampler();
      },
    });
    return {
      sample(labels, read) {
        const sampler = () => {
          sampled.set(labels, read());
        };
        samplers.add(sampler);
        return () => {
          samplers.delete(sampler);
          sampled.remove(labels);
        };
      },
    };
  };
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: Label[]
  ) => new Histogram({ name, help, buckets, labelNames, registers });

  return {
    client: {
      requests: counter(
        'rest_client_requests_total',
        'Requests to the API server, by method and HTTP status; <error> where no answer came.',
        'method',
        'code',
      ),
      retries: counter('rest_client_request_retries_total', 'Requests that were sent again.', 'method'),
      duration: histogram(
        'rest_client_request_duration_seconds',
        'Time until the head of the answer, each attempt by itself.',
        REQUEST_BUCKETS,
        'method',
      ),
    },
    reader: {
      lists: counter('taskgrant_reader_lists_total', 'Full lists, by outcome.', 'resource', 'result'),
      watches: counter('taskgrant_reader_watches_total', 'Watches that ended, by how.', 'resource', 'end'),
      events: counter('taskgrant_reader_events_total', 'Changes delivered.', 'resource', 'type'),
      missed: counter(
        'taskgrant_reader_missed_events_total',
        'Objects whose change no watch event had told of when the timer had them listed again.',
        'resource',
      ),
      handlerErrors: counter(
        'taskgrant_reader_handler_errors_total',
        'Handlers of changes that threw.',
        'resource',
      ),
      objects: sampledGauge('taskgrant_reader_objects', 'Objects in the cache.', 'resource'),
      silence: sampledGauge(
        'taskgrant_reader_last_contact_seconds',
        'Seconds since anything was received from the API server for this resource.',
        'resource',
      ),
    },
    queue: {
      depth: sampledGauge('workqueue_depth', 'Current depth of workqueue.', 'name'),
      adds: counter('workqueue_adds_total', 'Total number of adds handled by workqueue.', 'name'),
      waited: histogram(
        'workqueue_queue_duration_seconds',
        'How long in seconds an item stays in workqueue before being requested.',
        QUEUE_BUCKETS,
        'name',
      ),
      worked: histogram(
        'workqueue_work_duration_seconds',
        'How long in seconds processing an item from workqueue takes.',
        QUEUE_BUCKETS,
        'name',
      ),
      retries: counter('workqueue_retries_total', 'Total number of retries handled by workqueue.', 'name'),
      unfinished: sampledGauge(
        'workqueue_unfinished_work_seconds',
        'Seconds of work that is in progress and not yet observed by work_duration.',
        'name',
      ),
      longestRunning: sampledGauge(
        'workqueue_longest_running_processor_seconds',
        'How many seconds the longest running processor for workqueue has been running.',
        'name',
      ),
    },
    reconciler: {
      reconciles: counter(
        'controller_runtime_reconcile_total',
        'Total number of reconciliations per controller.',
        'controller',
        'result',
      ),
      errors: counter(
        'controller_runtime_reconcile_errors_total',
        'Total number of reconciliation errors per controller.',
        'controller',
      ),
      terminalErrors: counter(
        'controller_runtime_terminal_reconcile_errors_total',
        'Total number of terminal reconciliation errors per controller.',
        'controller',
      ),
      duration: histogram(
        'controller_runtime_reconcile_time_seconds',
        'Length of time per reconciliation per controller.',
        RECONCILE_BUCKETS,
        'controller',
      ),
      maxConcurrent: gauge(
        'controller_runtime_max_concurrent_reconciles',
        'Maximum number of concurrent reconciles per controller.',
        'controller',
      ),
      active: gauge(
        'controller_runtime_active_workers',
        'Number of currently used workers per controller.',
        'controller',
      ),
    },
    election: {
      leading: gauge('leader_election_master_status', 'Whether this process leads: 1 or 0.', 'name'),
    },
    events: {
      recorded: counter('taskgrant_events_recorded_total', 'Events handed to the recorder.', 'type'),
      dropped: counter(
        'taskgrant_events_dropped_total',
        'Events that were given up, by cause: queue, refused, unreachable.',
        'cause',
      ),
    },
  };
};
