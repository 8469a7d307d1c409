import type { Pod } from '../api/kubernetes.ts';
import { grantNameOf, judgeGrant } from '../core/envelope/judge-pod.ts';
import { isMirrorPod } from '../core/envelope/mirror-pod.ts';
import { isEnforcementProbe } from '../core/decision/probe.ts';
import { tooMuchIn } from '../core/identity/size.ts';
import { inject } from '../core/injection/inject.ts';
import { jsonPatch } from '../core/injection/json-patch.ts';
import type { Facts } from './facts.ts';
import { podIn, type Reviewer } from './review.ts';

export interface HoldOptions {
  /** How long a pod waits for its grant to become active, in milliseconds. */
  holdMs: number;
}

/** What is kept of the API server's patience for everything but the wait, in milliseconds. */
const TIME_TO_ANSWER_MS = 1500;

/** The largest review that waits, in bytes. Usual ones have some ten KiB, and thirty-two of one namespace may wait. */
const LARGEST_HELD_BYTES = 128 * 2 ** 10;

/** Whether a controller has created it for a Job, say, and will create it again where it is refused. */
function isControlled({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ controller }) => controller === true) ?? false;
}

/** Fills a pod's identity in from its grant, which it waits for. */
export function createPodMutator(facts: Facts, { holdMs }: HoldOptions): Reviewer {
  return async (request, { signal, timeoutMs, size }) => {
    const pod = podIn(request.object);
    const name = grantNameOf(pod);
    const isOurs = request.operation === 'CREATE' && name !== undefined;
    // A mirror pod runs already, so changing it changes nothing but the kubelet's mind. The probe is judged as it is.
    if (!isOurs || isMirrorPod(pod) || isEnforcementProbe(pod)) return { allowed: true };
    // Nothing has validated it yet, and what is filled in has a place in every container. It is refused afterwards.
    if (tooMuchIn(pod)) return { allowed: true };

    const namespace = request.namespace ?? '';
    const longest = size > LARGEST_HELD_BYTES ? 0 : Math.min(holdMs, timeoutMs - TIME_TO_ANSWER_MS);
    const grant = await facts.grants.settled(namespace, name, {
      ms: Math.max(0, longest),
      signal,
      ...(isControlled(pod) && { controller: request.userInfo.username ?? '' }),
    });
    const { apiAudiences } = facts;
    const now = facts.now();
    const violations = judgeGrant(name, { grant, apiAudiences, now });
    const decision = grant?.status?.decision?.id;
    const audit = { grant: name, ...(decision !== undefined && { decision }) };
    if (!grant || violations.length > 0) {
      return { allowed: false, headline: 'the pod gets no identity from its TaskGrant', violations, audit };
    }

    const mayHaveCopies = (pod.spec?.imagePullSecrets ?? []).length > 0;
    const defaultPullSecrets = mayHaveCopies
      ? (await facts.namespaces.defaultAccount(namespace)).pullSecrets
      : [];
    const injected = inject(pod, { grant, defaultPullSecrets, apiAudiences, now });
    return {
      allowed: true,
      patch: jsonPatch(pod, injected.pod),
      warnings: injected.warnings,
      audit,
    };
  };
}
