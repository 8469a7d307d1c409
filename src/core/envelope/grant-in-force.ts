/** Whether a grant takes pods: whatever they ask for. */
import { isFinal } from '../../api/reasons.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { expiryOf } from '../lifecycle/ending.ts';
import type { GrantRule } from './rule.ts';

export const LABEL_PATH = 'metadata.labels[taskgrant.dev/grant]';

/** Pods start under an active grant only. */
export const grantIsActive: GrantRule = function* ({ grant }) {
  if (isActive(grant)) return;
  const { name, namespace } = grant.metadata;
  const phase = stateOf(grant);
  const state = [phase, whyNotActive(grant, phase)].filter((part) => part !== undefined).join(': ');
  yield {
    code: 'GrantNotActive',
    path: LABEL_PATH,
    asked: `${name}, which is ${state}`,
    allowed: 'Active',
    fix: isOver(grant)
      ? 'create a new TaskGrant: one that has ended does not come back'
      : `see kubectl describe taskgrant ${name} -n ${namespace}`,
  };
};

/** Whether its identity exists and is meant to stay: what the phase says, unless an end or a suspension is asked for already. */
export function isActive(grant: TaskGrant): boolean {
  return grant.status?.phase === 'Active' && !grant.spec.suspend && !isOver(grant);
}

/** Whether it is suspended, or is to be: people decide when it goes on. */
export function isSuspended({ spec, status }: TaskGrant): boolean {
  return spec.suspend || status?.phase === 'Suspended';
}

/** Whether the grant will never be active, or never again. */
export function isOver({ metadata, spec, status }: TaskGrant): boolean {
  return (
    isFinal(status?.phase) ||
    status?.phase === 'Revoking' ||
    spec.revoke ||
    metadata.deletionTimestamp !== undefined
  );
}

function stateOf({ metadata, spec, status }: TaskGrant): string {
  if (metadata.deletionTimestamp !== undefined) return 'being deleted';
  if (spec.revoke && !isFinal(status?.phase)) return 'being revoked';
  if (spec.suspend && status?.phase === 'Active') return 'being suspended';
  return status?.phase ?? 'Pending';
}

/** An active grant takes no pods once its duration is over, whether or not it has been revoked by then. */
export const grantIsNotExpired: GrantRule = function* ({ grant, now }) {
  const end = expiryOf({ grant });
  if (grant.status?.phase !== 'Active' || (end !== undefined && now < end)) return;
  yield {
    code: 'GrantExpired',
    path: LABEL_PATH,
    asked: grant.metadata.name,
    allowed: end === undefined ? 'it is activated' : new Date(end).toISOString(),
    fix: 'create a new TaskGrant',
  };
};

/** Every pod ever admitted counts. */
export const podsAreLeft: GrantRule = function* ({ grant, podsUsed }) {
  const { maxPods } = grant.spec.workload;
  if (podsUsed < maxPods) return;
  yield {
    code: 'PodsUsedUp',
    path: LABEL_PATH,
    asked: `pod ${podsUsed + 1}`,
    allowed: maxPods === 1 ? '1 pod' : `${maxPods} pods`,
    fix: 'create a new TaskGrant, with a larger spec.workload.maxPods where the task needs retries',
  };
};

/**
 * The first of its conditions that stands in the way, in the order in which they are reached. Of a grant that was active, why it
 * is so no more: that what was issued is removed by now is no reason.
 *
 * @param state what is said already: where the reason is no other word, the message says it
 */
function whyNotActive({ status }: Pick<TaskGrant, 'status'>, state: string): string | undefined {
  const types = ['Accepted', 'Approved', 'Enforced', 'Provisioned', 'Active'] as const;
  const blocking = (status?.activatedAt === undefined ? types : (['Active'] as const))
    .map((wanted) => status?.conditions?.find(({ type }) => type === wanted))
    .find((condition) => condition?.status === 'False');
  if (!blocking) return undefined;
  return blocking.reason === state ? blocking.message : `${blocking.reason}, ${blocking.message}`;
}
