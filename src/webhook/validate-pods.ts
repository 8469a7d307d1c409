import type { Level } from '../api/group.ts';
import type { AdmissionRequest, Pod, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { Violation } from '../core/decision/violation.ts';
import { grantNameOf, judgeNewPod, judgePodUpdate } from '../core/envelope/judge-pod.ts';
import { isOwnMirrorPod } from '../core/envelope/mirror-pod.ts';
import { identityRequestsOf, requestChange } from '../core/identity/identity-requests.ts';
import { readPod } from '../core/identity/reading.ts';
import type { Facts } from './facts.ts';
import { accountWhereRequired, enforcedLevel, labelsForConditions, podFacts } from './pod-facts.ts';
import { podIn, type Answer, type AuditNotes, type Reviewer } from './review.ts';

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
  const name = grantNameOf(pod);
  const grant = await grantNamed(name, namespace, facts);
  const podsUsed = grant ? facts.pods.countUsed(grant, pod.metadata.uid) : 0;
  const level = name === undefined ? await enforcedLevel(namespace, facts) : 'granted';
  const { reading, identity, ...known } = await podFacts(pod, namespace, level, grant, facts);
  const violations = judgeNewPod({ ...known, requests: identityRequestsOf(reading, identity), podsUsed });
  const headline = name === undefined ? 'the pod needs a TaskGrant' : BEYOND;
  return answerFor(pod, grant, headline, violations);
}

async function judgeUpdate(request: AdmissionRequest, facts: Facts): Promise<Answer> {
  const { oldPod, grant, violations } = await judgeChange(request, enforcedLevel, facts);
  return answerFor(oldPod, grant, 'the pod cannot be changed so', violations);
}

/** @param levelIn asked only where a pod without a grant is given something */
export async function judgeChange(
  { object, oldObject, namespace = '' }: AdmissionRequest,
  levelIn: (namespace: string, facts: Facts) => Promise<Level>,
  facts: Facts,
): Promise<{ oldPod: Pod; grant: Stored<TaskGrant> | undefined; violations: Violation[] }> {
  const [pod, oldPod] = [podIn(object), podIn(oldObject)];
  const { apiAudiences, externalKeys } = facts;
  const change = requestChange(readPod(oldPod), readPod(pod), externalKeys);
  // What adds nothing needs no look-up.
  const addsIdentity = change.added.length > 0;
  const name = grantNameOf(oldPod);
  const grant = addsIdentity ? await grantNamed(name, namespace, facts) : undefined;
  const violations = judgePodUpdate({
    oldPod,
    pod,
    change,
    grant,
    podsUsed: 0,
    required: addsIdentity ? await accountWhereRequired(name, namespace, facts, levelIn) : undefined,
    namespaceLabels: await labelsForConditions(grant, namespace, facts),
    apiAudiences,
    now: facts.now(),
  });
  return { oldPod, grant, violations };
}

/** The grant that a label names, where it names one. */
export async function grantNamed(
  name: string | undefined,
  namespace: string,
  { grants }: Facts,
): Promise<Stored<TaskGrant> | undefined> {
  return name === undefined ? undefined : grants.get(namespace, name);
}

/** What is written to the audit log about a decision under a grant. */
export function auditNotes(name: string | undefined, grant: Stored<TaskGrant> | undefined): AuditNotes {
  const decision = grant?.status?.decision?.id;
  return {
    ...(name !== undefined && { grant: name }),
    ...(decision !== undefined && { decision }),
  };
}

function answerFor(
  pod: Pod,
  grant: Stored<TaskGrant> | undefined,
  headline: string,
  violations: readonly Violation[],
): Answer {
  const audit = auditNotes(grantNameOf(pod), grant);
  if (violations.length === 0) return { allowed: true, audit };
  return { allowed: false, headline, violations, audit };
}
