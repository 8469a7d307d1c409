/**
 * Proof that pods are judged before anything is granted. A webhook configuration takes effect a second or more after
 * it was written, and can be edited away; so a pod that has to be refused is sent as a dry run, again and again, to a
 * namespace in which no pod can ever exist (its quota is 0, so that the right to create pods there is worth nothing).
 */
import { GRANT_LABEL } from '../api/group.ts';
import type { Pod } from '../api/kubernetes.ts';
import { ENFORCEMENT_PROBE_CODE, ENFORCEMENT_PROBE_POD } from '../core/decision/probe.ts';
import { isForbidden } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { monotonicNow, sleep } from '../kube/clock.ts';
import type { Logger } from '../kube/logger.ts';
import { pods } from '../kube/resources.ts';

export interface EnforcementState {
  proven: boolean;
  message: string;
}

export interface EnforcementProbe {
  /** What the last probe found; not proven where that is too long ago. */
  state(): EnforcementState;
  /** Probes at once, because something changed. */
  hurry(): void;
  /** Probes until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first probe of `run` was answered. */
  firstAnswer: Promise<void>;
}

export interface EnforcementProbeOptions {
  client: Client;
  /** A namespace that is enforced and holds no pods. */
  namespace: string;
  logger: Logger;
  /** Called when the answer changed. */
  onChange: (state: EnforcementState) => void;
  /** Between two probes that were refused as they should be. */
  intervalMs?: number;
}

/** One small request; a gap in enforcement is noticed within so long where no event tells of it. */
const INTERVAL_MS = 5000;
/** While it is not proven, grants are waiting. */
const RETRY_MS = 250;
/** So many missed probes, and the last good one counts no more. */
const MISSED_PROBES = 3;

export function createEnforcementProbe({
  client,
  namespace,
  logger,
  onChange,
  intervalMs = INTERVAL_MS,
}: EnforcementProbeOptions): EnforcementProbe {
  let last: EnforcementState = { proven: false, message: 'enforcement was not probed yet' };
  let probedAt = monotonicNow();
  let wake = new AbortController();
  const first = Promise.withResolvers<undefined>();

  const probe = async (signal: AbortSignal): Promise<void> => {
    const before = state();
    last = await probeOnce(client, namespace, signal);
    probedAt = monotonicNow();
    first.resolve(undefined);
    if (before.proven === last.proven) return;
    if (last.proven) logger.info('enforcement is proven', { message: last.message });
    else logger.error('enforcement is not proven: nothing new is granted', { message: last.message });
    onChange(last);
  };

  const state = (): EnforcementState =>
    last.proven && monotonicNow() - probedAt > MISSED_PROBES * intervalMs
      ? { proven: false, message: 'the last proof of enforcement is too long ago' }
      : last;

  return {
    state,
    firstAnswer: first.promise,
    hurry: () => {
      wake.abort();
    },
    run: async (signal) => {
      while (!signal.aborted) {
        wake = new AbortController();
        await probe(signal);
        const pause = state().proven ? intervalMs : RETRY_MS;
        await sleep(pause, AbortSignal.any([signal, wake.signal])).catch(() => undefined);
      }
    },
  };
}

async function probeOnce(client: Client, namespace: string, signal: AbortSignal): Promise<EnforcementState> {
  try {
    await client.create(pods, probePod(namespace), { dryRun: true, signal });
    return { proven: false, message: 'a pod that has to be refused was let through' };
  } catch (error) {
    if (isForbidden(error) && error.message.includes(ENFORCEMENT_PROBE_CODE)) {
      return { proven: true, message: 'a pod that has to be refused was refused' };
    }
    return {
      proven: false,
      message: `a pod that has to be refused met something else: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** A pod that would pass Pod Security's restricted profile, so that only our webhook has a reason to refuse it. */
function probePod(namespace: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: ENFORCEMENT_PROBE_POD,
      namespace,
      labels: { [GRANT_LABEL]: ENFORCEMENT_PROBE_POD },
    },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image: 'localhost/never-runs:1',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
