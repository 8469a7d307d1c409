import type { Lease, Stored } from '../api/kubernetes.ts';
import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import type { Client } from './client.ts';
import { monotonicNow, sleep } from './clock.ts';
import type { Random } from './clock.ts';
import type { Logger } from './logger.ts';
import { microTime } from './micro-time.ts';
import type { ElectionMetrics } from './metrics.ts';
import { leases } from './resources.ts';

export interface ElectionOptions {
  client: Client;
  /** The Lease that is competed for. */
  namespace: string;
  name: string;
  /** Who we are: different for every process that competes, such as the pod's name and a random part. */
  identity: string;
  logger: Logger;
  metrics?: ElectionMetrics;
  /** How long others wait, after the last renewal that they saw, before they take over. Default: 15 s. */
  leaseDurationMs?: number;
  /** How long after the last renewal a leader that cannot renew gives up; shorter than the above. Default: 10 s. */
  renewDeadlineMs?: number;
  /** How often one tries to acquire or to renew. Default: 2 s. */
  retryPeriodMs?: number;
  random?: Random;
}

/**
 * Leader election by Lease, with the semantics and the numbers of client-go's tools/leaderelection: what others wrote
 * is never compared with our clock, only how long ago, by our own monotonic clock, we saw it change; every write is
 * guarded by the resource version.
 *
 * One leader at a time as long as clocks run at about the same rate: a leader's time ends `renewDeadlineMs` after it
 * sent the last renewal that was accepted, the others' patience `leaseDurationMs` after they saw it. A process that was
 * paused finds its time over as soon as it looks (`isLeader`), but a request that had left before may still arrive, so
 * writes have to be guarded for themselves as well.
 */
export interface Election {
  /**
   * Competes until `signal` is aborted or leadership, once won, is lost. `lead` is called when it is won; its signal is
   * aborted when it must stop.
   *
   * `stopped`: `lead` has returned (because `signal` was aborted, or by itself); until then the lease was renewed, and now
   * it is released. `lost`: the lease could not be renewed in time or is another's; what `lead` began may still be
   * running, so the process must end.
   * @throws what `lead` throws, after the release.
   */
  run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<'stopped' | 'lost'>;
  /** Whether we lead at this very moment. */
  isLeader(): boolean;
  /** Who led when we last looked; empty when nobody did. */
  leader(): string;
}

/** client-go's JitterFactor: candidates wait up to this times the retry period longer. */
const JITTER_FACTOR = 1.2;

interface Observation {
  lease: Stored<Lease>;
  /** When we saw it first, by the monotonic clock. */
  at: number;
}

export const createElection = ({
  client,
  namespace,
  name,
  identity,
  logger: parentLogger,
  metrics,
  leaseDurationMs = 15_000,
  renewDeadlineMs = 10_000,
  retryPeriodMs = 2000,
  random = Math.random,
}: ElectionOptions): Election => {
  if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= JITTER_FACTOR * retryPeriodMs)
    throw new RangeError(
      'leaseDurationMs must be more than renewDeadlineMs, and that more than 1.2 times retryPeriodMs',
    );
  const logger = parentLogger.child({ lease: `${namespace}/${name}`, identity });
  const labels = { name };
  let observed: Observation | undefined;
  /** When the last renewal that was accepted was sent; undefined while we do not lead. */
  let renewedAt: number | undefined;
  metrics?.leading.set(labels, 0);

  const isLeader = () => renewedAt !== undefined && monotonicNow() < renewedAt + renewDeadlineMs;

  const observe = (lease: Stored<Lease>) => {
    const before = observed;
    // Only a new record is a sign of life: somebody else's label on the lease is none.
    const unchanged = before && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
    observed = { lease, at: unchanged ? before.at : monotonicNow() };
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== (before?.lease.spec?.holderIdentity ?? ''))
      logger.info('the lease has a new holder', { holder });
  };

  /** Of the lease as we would write it now. */
  const claimOn = (lease: Stored<Lease> | undefined): Lease => {
    const now = microTime(new Date());
    const ours = lease?.spec?.holderIdentity === identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease?.metadata ?? { namespace, name },
      spec: {
        ...lease?.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: ours ? (lease.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: lease ? (lease.spec?.leaseTransitions ?? 0) + (ours ? 0 : 1) : 0,
      },
    };
  };

  /** controller-runtime's bound: so that one request that hangs leaves time for another within the deadline. */
  const requestOptions = (signal: AbortSignal) => ({ signal, timeoutMs: renewDeadlineMs / 2 });

  const write = async (lease: Stored<Lease> | undefined, signal: AbortSignal): Promise<void> => {
    const sentAt = monotonicNow();
    const options = requestOptions(signal);
    const claim = claimOn(lease);
    observe(await (lease ? client.replace(leases, claim, options) : client.create(leases, claim, options)));
    renewedAt = sentAt;
  };

  const heldByAnother = ({ lease, at }: Observation): boolean => {
    const { holderIdentity, leaseDurationSeconds = 0 } = lease.spec ?? {};
    if (!holderIdentity || holderIdentity === identity) return false;
    return monotonicNow() < at + leaseDurationSeconds * 1000;
  };

  /** @returns whether the lease is ours now. */
  const acquireOrRenew = async (signal: AbortSignal): Promise<boolean> => {
    // A leader writes on what it wrote last, without reading it first: a conflict tells when that was wrong.
    if (isLeader() && observed) {
      try {
        await write(observed.lease, signal);
        return true;
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }
    }
    try {
      observe(await client.get(leases, { namespace, name }, requestOptions(signal)));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      observed = undefined;
    }
    if (observed && heldByAnother(observed)) return false;
    try {
      await write(observed?.lease, signal);
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return false;
      throw error;
    }
  };

  /** Resolves once the lease is ours; false when the signal was aborted before. */
  const acquire = async (signal: AbortSignal): Promise<boolean> => {
    const stopped = () => signal.aborted;
    while (!stopped()) {
      try {
        if (await acquireOrRenew(signal)) return true;
      } catch (error) {
        if (!stopped()) logger.warn('cannot compete for the lease, trying again', { error });
      }
      await sleep(retryPeriodMs * (1 + JITTER_FACTOR * random()), signal).catch(() => undefined);
    }
    return false;
  };

  /** Renews until the signal is aborted; resolves early when the lease is lost. */
  const keep = async (signal: AbortSignal): Promise<'lost' | 'ended'> => {
    const left = () => Math.max(0, (renewedAt ?? 0) + renewDeadlineMs - monotonicNow());
    for (;;) {
      await sleep(Math.min(retryPeriodMs, left()), signal).catch(() => undefined);
      if (signal.aborted) return 'ended';
      if (!isLeader()) return 'lost';
      try {
        // A renewal that hangs must not outlast our time.
        const renewed = await acquireOrRenew(AbortSignal.timeout(Math.ceil(left())));
        if (!renewed && observed && heldByAnother(observed)) return 'lost';
      } catch (error) {
        logger.warn('cannot renew the lease, trying again', { error, leftMs: Math.round(left()) });
      }
    }
  };

  /** Gives the lease up, if it is ours: also when a write of ours was cut off and we do not know whether it was carried out. */
  const release = async (): Promise<void> => {
    renewedAt = undefined;
    const now = microTime(new Date());
    const options = { timeoutMs: renewDeadlineMs / 2 };
    try {
      const lease = await client.get(leases, { namespace, name }, options);
      if (lease.spec?.holderIdentity !== identity) return;
      // As client-go releases: nobody holds it, and whoever comes need not wait.
      const spec = {
        ...lease.spec,
        holderIdentity: '',
        leaseDurationSeconds: 1,
        acquireTime: now,
        renewTime: now,
      };
      await client.replace(leases, { ...lease, spec }, options);
      logger.info('released the lease');
    } catch (error) {
      if (!isNotFound(error))
        logger.warn('could not release the lease: others have to wait until it runs out', { error });
    }
  };

  return {
    isLeader,
    leader: () => observed?.lease.spec?.holderIdentity ?? '',
    async run(lead, signal) {
      if (!(await acquire(signal))) {
        await release();
        return 'stopped';
      }
      logger.info('leading');
      metrics?.leading.set(labels, 1);
      const leading = new AbortController();
      const keeping = new AbortController();
      const stop = () => {
        leading.abort(signal.reason);
      };
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      const work = lead(leading.signal).finally(() => {
        keeping.abort();
      });
      // It is awaited below, unless the lease is lost before: then there is nobody left to act on its failure.
      work.catch(() => undefined);
      const end = await keep(keeping.signal);
      signal.removeEventListener('abort', stop);
      metrics?.leading.set(labels, 0);
      if (end === 'lost') {
        renewedAt = undefined;
        logger.error('lost the lease');
        leading.abort(new Error(`${identity} lost the lease ${namespace}/${name}`));
        return 'lost';
      }
      await release();
      await work;
      return 'stopped';
    },
  };
};
