/** Says what would be refused, and refuses nothing: about workloads’ templates, pods where a namespace asks for it, and what classes say. */
import { AUDIT_LABEL, ENFORCE_LABEL, SERVICE_ACCOUNT_PREFIX, WARN_LABEL, type Level } from '../api/group.ts';
import { renderFindings } from '../core/decision/denial.ts';
import type { AdmissionRequest } from '../api/kubernetes.ts';
import type { Violation } from '../core/decision/violation.ts';
import { judgeClassByItself } from '../core/envelope/class-by-itself.ts';
import { grantNameOf } from '../core/envelope/judge-pod.ts';
import { levelOf, strictestLevel } from '../core/envelope/namespace-label.ts';
import { previewPod } from '../core/envelope/preview.ts';
import { podOf, type TemplatedPod } from '../core/identity/workload.ts';
import type { Facts } from './facts.ts';
import { podFacts } from './pod-facts.ts';
import { classIn, podIn, type Reviewer } from './review.ts';
import { auditNotes, grantNamed, judgeChange } from './validate-pods.ts';

/** Warns the author of a workload of what its pods will be refused for. */
export function createWorkloadAdviser(facts: Facts): Reviewer {
  return async ({ object, namespace = '' }) => {
    const found = podOf(object);
    if (!found) return { allowed: true };
    const level = await strictest([ENFORCE_LABEL, WARN_LABEL], namespace, facts);
    return { allowed: true, warnings: renderFindings(await preview(found, namespace, level, facts)) };
  };
}

/** Warns the author of a pod of what would be refused at the level of the label `taskgrant.dev/warn`. */
export function createPodWarner(facts: Facts): Reviewer {
  return async (request) => {
    const found = podOf(request.object);
    const level = levelOf(await facts.namespaces.level(request.namespace ?? '', WARN_LABEL));
    if (!found || !level) return { allowed: true };
    return { allowed: true, warnings: renderFindings(await findings(found, request, level, facts)) };
  };
}

/** Warns the author of a class of what keeps grants from being judged by it: the controller says so in the class’s status, later. */
export function createClassAdviser(): Reviewer {
  return ({ object }) =>
    Promise.resolve({ allowed: true, warnings: renderFindings(judgeClassByItself(classIn(object))) });
}

/** Writes to the audit log what would be refused at the level of the label `taskgrant.dev/audit`. */
export function createPodAuditor(facts: Facts): Reviewer {
  return async (request) => {
    const { object, namespace = '' } = request;
    const found = podOf(object);
    const level = levelOf(await facts.namespaces.level(namespace, AUDIT_LABEL));
    if (!found || !level) return { allowed: true };
    const name = grantNameOf(found.pod);
    const grant = await grantNamed(name, namespace, facts);
    const violations = await findings(found, request, level, facts);
    return {
      allowed: true,
      audit: { ...auditNotes(name, grant), ...(violations.length > 0 && { violations }) },
    };
  };
}

/** Of a pod that is there, only what a change adds would be refused: its node, say, was given to it by the scheduler. */
async function findings(
  found: TemplatedPod,
  request: AdmissionRequest,
  level: Level,
  facts: Facts,
): Promise<Violation[]> {
  if (request.operation !== 'UPDATE') return preview(found, request.namespace ?? '', level, facts);
  if (![request.object, request.oldObject].some((object) => isJudgedAt(level, podIn(object)))) return [];
  return (await judgeChange(request, () => Promise.resolve(level), facts)).violations;
}

async function preview(
  { pod, prefix }: TemplatedPod,
  namespace: string,
  level: Level,
  facts: Facts,
): Promise<Violation[]> {
  if (!isJudgedAt(level, pod)) return [];
  const grant = await grantNamed(grantNameOf(pod), namespace, facts);
  const violations = previewPod(await podFacts(pod, namespace, level, grant, facts));
  return violations.map((violation) => ({ ...violation, path: prefix + violation.path }));
}

function isJudgedAt(level: Level, pod: TemplatedPod['pod']): boolean {
  return level !== 'granted' || grantNameOf(pod) !== undefined || usesReservedAccount(pod);
}

function usesReservedAccount({ spec }: TemplatedPod['pod']): boolean {
  return [spec?.serviceAccountName, spec?.serviceAccount].some((name) =>
    name?.startsWith(SERVICE_ACCOUNT_PREFIX),
  );
}

/** The strictest level that any of the labels says. */
async function strictest(
  labels: readonly string[],
  namespace: string,
  { namespaces }: Facts,
): Promise<Level> {
  const values = await Promise.all(labels.map((label) => namespaces.level(namespace, label)));
  return strictestLevel(values) ?? 'granted';
}
