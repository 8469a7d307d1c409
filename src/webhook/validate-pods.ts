import type { AdmissionRequest, Pod, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { Violation } from '../core/decision/violation.ts';
import { grantNameOf, judgeNewPod, judgePodUpdate, updateNeedsGrant } from '../core/envelope/judge-pod.ts';
import { isOwnMirrorPod } from '../core/envelope/mirror-pod.ts';
import type { Facts } from './facts.ts';
import { podIn, type Answer, type Reviewer } from './review.ts';

const BEYOND = 'the pod asks for more than its TaskGrant allows';

/** Judges pods as they would be stored, whoever wrote them or changed them on the way. */
export function createPodValidator(facts: Facts): Reviewer {
  return async (request) => {
    switch (request.operation) {
      case 'CREATE':
        return judgeCreation(request, facts);
      case 'UPDATE':
        return judgeUpdate(request, facts);
      case 'DELETE':
      case 'CONNECT':
        return { allowed: true };
    }
  };
}

async function judgeCreation(
  { object, userInfo, namespace = '' }: AdmissionRequest,
  facts: Facts,
): Promise<Answer> {
  const pod = podIn(object);
  if (isOwnMirrorPod(pod, userInfo)) return { allowed: true };
  const grant = await grantNamed(grantNameOf(pod), namespace, facts);
  const podsUsed = grant ? facts.pods.countUsed(grant, pod.metadata.uid) : 0;
  const { apiAudiences } = facts;
  const violations = judgeNewPod({ pod, grant, podsUsed, apiAudiences, now: facts.now() });
  const headline = grantNameOf(pod) === undefined ? 'the pod needs a TaskGrant' : BEYOND;
  return answerFor(pod, grant, headline, violations);
}

async function judgeUpdate(
  { object, oldObject, namespace = '' }: AdmissionRequest,
  facts: Facts,
): Promise<Answer> {
  const [pod, oldPod] = [podIn(object), podIn(oldObject)];
  const name = updateNeedsGrant(oldPod, pod) ? grantNameOf(oldPod) : undefined;
  const grant = await grantNamed(name, namespace, facts);
  const { apiAudiences } = facts;
  const violations = judgePodUpdate({ oldPod, pod, grant, podsUsed: 0, apiAudiences, now: facts.now() });
  return answerFor(oldPod, grant, 'the pod cannot be changed so', violations);
}

async function grantNamed(
  name: string | undefined,
  namespace: string,
  { grants }: Facts,
): Promise<Stored<TaskGrant> | undefined> {
  return name === undefined ? undefined : grants.get(namespace, name);
}

function answerFor(
  pod: Pod,
  grant: Stored<TaskGrant> | undefined,
  headline: string,
  violations: readonly Violation[],
): Answer {
  const name = grantNameOf(pod);
  const decision = grant?.status?.decision?.id;
  const audit = {
    ...(name !== undefined && { grant: name }),
    ...(decision !== undefined && { decision }),
  };
  if (violations.length === 0) return { allowed: true, audit };
  return { allowed: false, headline, violations, audit };
}
