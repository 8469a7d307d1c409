/** The controller process: caches, the queue, and what leads to what. Its parts do not know each other. */
import type { Registry } from 'prom-client';
import { FINALIZER } from '../api/group.ts';
import type { KubernetesObject, Pod, Stored } from '../api/kubernetes.ts';
import { isBeforeActive, isFinal } from '../api/reasons.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import type { Verdict } from '../core/guards/tampering.ts';
import type { ExternalKey } from '../core/identity/external-identity.ts';
import { announcementsFor } from '../core/lifecycle/events.ts';
import type { Client } from '../kube/client.ts';
import { createElection } from '../kube/election.ts';
import { createEventRecorder, referenceTo, type EventRecorder } from '../kube/events.ts';
import type { Logger } from '../kube/logger.ts';
import type { KubeMetrics } from '../kube/metrics.ts';
import type { Reader } from '../kube/reader.ts';
import { createController } from '../kube/reconciler.ts';
import type { Change } from '../kube/store.ts';
import { createBoundAccess } from './bound-access.ts';
import {
  CERTIFICATES_KEY,
  createCertificateReaders,
  createCertificateReconciler,
  type CertificateOptions,
  type CertificateReaders,
} from './certificates.ts';
import { createClassReconciler } from './class-reconciler.ts';
import { createEnforcementProbe, type EnforcementProbe, type EnforcementState } from './enforcement.ts';
import { grantKeyOfIssued, grantKeyOfPod, keyOfGrant } from './grant-key.ts';
import { createGrantReconciler, URGENT } from './grant-reconciler.ts';
import { createGrantView } from './grant-view.ts';
import { createGuardReaders, createGuardWatch } from './guard-watch.ts';
import { createControllerMetrics } from './metrics.ts';
import { createReaders, type Readers } from './readers.ts';
import { createClassValidations } from './validations.ts';

export interface ControllerOptions {
  /** The product's own namespace, and the Lease in it. */
  namespace: string;
  /** What the release's objects are named after: its webhook configurations have the name itself. */
  release: string;
  lease: string;
  /** Who this process is, as the Lease and Events say. */
  identity: string;
  /** The namespace in which enforcement is probed. */
  probeNamespace: string;
  /** What the API server calls itself: see kube/api-audiences.ts. */
  apiAudiences: readonly string[];
  /** By what other identity systems know accounts, besides those that are known anyway. */
  externalKeys: readonly ExternalKey[];
  /** The ConfigMap, in the product's own namespace, of what guards grants as it was installed. */
  installedConfigMap: string;
  /** How many grants are worked on at a time. */
  concurrency: number;
  /** Left out where somebody else keeps the webhook's certificate: cert-manager. */
  certificates: CertificateOptions | undefined;
}

export interface ControllerParts {
  client: Client;
  logger: Logger;
  registry: Registry;
  kubeMetrics: KubeMetrics;
}

export interface RunningController {
  /** Why the process is not ready, in words; undefined when it is. */
  notReady(): string | undefined;
  /** `lost` where leadership was lost: the process must end then. */
  done: Promise<'stopped' | 'lost'>;
}

/** How long work in progress may take to finish when the process is asked to stop. */
const DRAIN_MS = 10_000;

/** Starts the caches at once and, as soon as this process leads, the work. */
export function runController(
  options: ControllerOptions,
  { client, logger, registry, kubeMetrics }: ControllerParts,
  signal: AbortSignal,
): RunningController {
  const now = () => Date.now();
  const release = { namespace: options.namespace, name: options.release };
  const readers = createReaders(options.externalKeys, client, logger, kubeMetrics.reader);
  const certificateReaders =
    options.certificates &&
    createCertificateReaders(options.certificates, client, logger, kubeMetrics.reader);
  const installedPlace = { namespace: options.namespace, name: options.installedConfigMap };
  const guardReaders = createGuardReaders(
    { place: installedPlace, webhookConfiguration: options.release, ...certificateReaders },
    { client, logger, metrics: kubeMetrics.reader },
  );
  const everyReader = { ...readers, ...certificateReaders, ...guardReaders } as Record<
    string,
    Reader<KubernetesObject>
  >;
  const all = Object.values(everyReader);
  const metrics = createControllerMetrics(registry, () => readers.grants.list(), now);
  const events = createEventRecorder({
    client,
    reportingController: 'taskgrant.dev/controller',
    reportingInstance: options.identity,
    logger,
    metrics: kubeMetrics.events,
  });
  const bound = createBoundAccess(readers);
  const election = createElection({
    client,
    namespace: options.namespace,
    name: options.lease,
    identity: options.identity,
    logger,
    metrics: kubeMetrics.election,
    // client-go's is 2 s. Pods wait for their grants while nobody leads: an upgrade, with two handovers, fits into their hold.
    retryPeriodMs: 1000,
  });

  const lead = async (leading: AbortSignal): Promise<void> => {
    const onEnforcement = () => {
      metrics.enforced.set(enforcement().proven ? 1 : 0);
      for (const grant of readers.grants.list()) {
        if (waitsForRights(grant)) grants.queue.add(keyOfGrant(grant));
      }
    };
    const probe = createEnforcementProbe({
      client,
      namespace: options.probeNamespace,
      logger,
      onChange: onEnforcement,
    });
    let wasGuarded = false;
    const guards = createGuardWatch({
      place: installedPlace,
      webhookConfiguration: options.release,
      readers: guardReaders,
      logger,
      now,
      onLook: (verdicts) => {
        metrics.lookedAtGuards(verdicts);
        const { proven } = guards.state();
        if (proven !== wasGuarded) onEnforcement();
        wasGuarded = proven;
      },
      onNews: (verdict) => {
        recordGuard(events, verdict);
      },
    });
    /** What has been seen to hold for pods, and that nothing else has been taken out of the webhooks' sight. */
    const enforcement = (): EnforcementState => {
      const guarded = guards.state();
      return guarded.proven ? probe.state() : guarded;
    };
    const view = createGrantView(readers.grants);
    const grants = createController({
      name: 'grant',
      reconcile: createGrantReconciler({
        client,
        readers,
        enforcement,
        bound,
        validations: createClassValidations({ client }),
        // As the chart's webhook configurations have it: a cluster must be able to start, and so must the product.
        neverJudged: ['kube-system', options.namespace],
        apiAudiences: options.apiAudiences,
        release,
        externalKeys: options.externalKeys,
        now,
        view,
        logger,
        onStatus: (before, after) => {
          metrics.wroteStatus(after, before.status ?? {}, after.status ?? {});
          for (const { note, ...said } of announcementsFor(before.status ?? {}, after.status ?? {})) {
            events.record({ regarding: referenceTo(after), ...said, note });
          }
          logChange(logger, before, after);
        },
        onPodRemoved: (grant, pod, why) => {
          metrics.podsRemoved.inc();
          const regarding = { ...referenceTo(grant) };
          const related = { apiVersion: 'v1', kind: 'Pod', namespace: grant.metadata.namespace, ...pod };
          const said = { type: 'Normal', reason: 'PodRemoved', action: 'RemovePod' } as const;
          events.record({ ...said, regarding, related, note: `pod ${pod.name}: ${why}` });
          // Who looks at the pod, or at what made it, need not know of the grant.
          events.record({
            ...said,
            regarding: related,
            related: regarding,
            note: `TaskGrant ${grant.metadata.name}: ${why}`,
          });
        },
        onSwept: (item) => {
          metrics.swept.inc({ kind: item.kind });
          logger.warn('removed what belonged to no grant', { ...item });
        },
      }),
      logger,
      concurrency: options.concurrency,
      metrics: kubeMetrics,
    });
    const classes = createController({
      name: 'class',
      reconcile: createClassReconciler({ client, classes: readers.classes, release, now }),
      logger,
      metrics: kubeMetrics,
    });

    // The webhook waits for its certificate, and the probe for the webhook.
    const certificates =
      options.certificates &&
      certificateReaders &&
      (await keepCertificates(options.certificates, certificateReaders, probe, leading));
    const probing = probe.run(leading);
    await Promise.all([...all.map((reader) => reader.waitForSync(leading)), probe.firstAnswer]);
    // By the view: the cache may not have heard yet that this process has made it active.
    const waits = (grant: Stored<TaskGrant>) => waitsForRights(view.get(keyOfGrant(grant)) ?? grant);
    // Whoever subscribes late is told of everything that is there: that is the sweep at the start.
    const subscriptions = subscribe(readers, {
      waits,
      grant: (key, priority) => {
        grants.queue.add(key, { priority });
      },
      itsClass: (key) => {
        classes.queue.add(key);
      },
    });
    subscriptions.push(
      guards.watch(),
      bound.watch({
        namespace: (name, priority) => {
          for (const grant of readers.grants.byIndex('namespace', name))
            if (!isFinal(grant.status?.phase))
              grants.queue.add(keyOfGrant(grant), { priority: waits(grant) ? 0 : priority });
        },
        grant: (key, priority) => {
          grants.queue.add(key, { priority });
        },
      }),
    );
    grants.start();
    classes.start();
    await new Promise<void>((resolve) => {
      leading.addEventListener('abort', () => {
        resolve();
      });
    });
    for (const unsubscribe of subscriptions) unsubscribe();
    await Promise.all([
      probing,
      grants.stop({ drainMs: DRAIN_MS }),
      classes.stop({ drainMs: DRAIN_MS }),
      certificates?.stop(),
    ]);
  };

  /** Starts at once, whatever else is still being read: without a certificate nothing is admitted. */
  const keepCertificates = async (
    its: CertificateOptions,
    itsReaders: CertificateReaders,
    probe: EnforcementProbe,
    leading: AbortSignal,
  ) => {
    const own = Object.values(itsReaders) as Reader<KubernetesObject>[];
    await Promise.all(own.map((reader) => reader.waitForSync(leading)));
    const keeping = createController({
      name: 'certificates',
      reconcile: createCertificateReconciler(its, {
        client,
        logger,
        readers: itsReaders,
        metrics: metrics.certificates,
        now,
      }),
      logger,
      metrics: kubeMetrics,
    });
    const subscriptions = own.map((reader) =>
      reader.subscribe(() => {
        keeping.queue.add(CERTIFICATES_KEY);
        probe.hurry();
      }),
    );
    keeping.queue.add(CERTIFICATES_KEY);
    keeping.start();
    return {
      stop: async () => {
        for (const unsubscribe of subscriptions) unsubscribe();
        await keeping.stop({ drainMs: DRAIN_MS });
      },
    };
  };

  for (const reader of all) reader.start();
  const done = election.run(lead, signal).finally(async () => {
    await Promise.all(all.map((reader) => reader.stop()));
    await events.flush(DRAIN_MS);
  });
  return {
    done,
    notReady: () => {
      const waiting = Object.entries(readers).filter(
        ([, reader]) => !(reader as Reader<KubernetesObject>).hasSynced(),
      );
      return waiting.length > 0
        ? `waiting for the first list of ${waiting.map(([name]) => name).join(', ')}`
        : undefined;
    },
  };
}

interface Queues {
  grant: (key: string, priority: number) => void;
  itsClass: (key: string) => void;
  /** Whether a grant has no rights that may have to go. */
  waits: (grant: Stored<TaskGrant>) => boolean;
}

/** Whose turn it is when something changes. */
function subscribe(readers: Readers, { grant, itsClass, waits }: Queues): (() => void)[] {
  const issued = (change: Change<KubernetesObject>) => {
    // Created by us, mostly; changed or deleted by somebody else, it may have to end the grant.
    // Whose it was before as well: labelled as another's, it would be out of sight.
    const states = change.type === 'updated' ? [change.old, change.object] : [change.object];
    for (const key of states.flatMap(grantKeyOfIssued)) grant(key, change.type === 'added' ? 0 : URGENT);
  };
  return [
    readers.grants.subscribe(({ object }) => {
      grant(keyOfGrant(object), isEnding(object) ? URGENT : 0);
    }),
    readers.pods.subscribe(({ object, type }) => {
      for (const key of grantKeyOfPod(object)) grant(key, type === 'deleted' || isOver(object) ? URGENT : 0);
    }),
    readers.serviceAccounts.subscribe(issued),
    readers.roles.subscribe(issued),
    readers.roleBindings.subscribe(issued),
    readers.classes.subscribe((change) => {
      const { name } = change.object.metadata;
      itsClass(name);
      if (!saysSomethingElse(change)) return;
      // Those that are active may have to end by it, and go before those that it may let begin.
      for (const other of readers.grants.byIndex('class', name))
        if (!isFinal(other.status?.phase)) grant(keyOfGrant(other), waits(other) ? 0 : URGENT);
    }),
    readers.namespaces.subscribe(({ object }) => {
      for (const other of readers.grants.byIndex('namespace', object.metadata.name)) {
        if (!isFinal(other.status?.phase)) grant(keyOfGrant(other), 0);
      }
    }),
  ];
}

/** Not what the controller itself has written into its status. */
function saysSomethingElse(change: Change<TaskGrantClass>): boolean {
  if (change.type !== 'updated') return true;
  const [before, after] = [change.old.metadata, change.object.metadata];
  return before.uid !== after.uid || before.generation !== after.generation;
}

/** Events about what is in no namespace are in `default`; the object is what a person looks at who hears that something is wrong with it. */
function recordGuard(events: EventRecorder, { object, wrong }: Verdict): void {
  events.record({
    regarding: referenceTo(object),
    action: 'Compare',
    ...(wrong === undefined
      ? { type: 'Normal', reason: 'AsInstalled', note: 'it is as it was installed again' }
      : {
          type: 'Warning',
          reason: 'Tampered',
          note: `not as it was installed: ${wrong}. TaskGrant does not mend it: helm upgrade does, or helm rollback`,
        }),
  });
}

function waitsForRights({ status }: TaskGrant): boolean {
  return isBeforeActive(status?.phase) || status?.phase === 'Suspended';
}

/** Whether its rights are to go. */
function isEnding({ metadata, spec, status }: TaskGrant): boolean {
  return (
    spec.revoke ||
    (spec.suspend && status?.phase === 'Active') ||
    (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FINALIZER))
  );
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function logChange(logger: Logger, before: Stored<TaskGrant>, after: Stored<TaskGrant>): void {
  if (before.status?.phase === after.status?.phase) return;
  logger.info('grant changed its phase', {
    grant: keyOfGrant(after),
    from: before.status?.phase,
    to: after.status?.phase,
    decision: after.status?.decision?.id,
    serviceAccount: after.status?.serviceAccountName,
  });
}
