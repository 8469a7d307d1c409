/** Judges who approves or denies a grant: once, of the spec as it stands, by somebody else who may. */
import { isDeepStrictEqual } from 'node:util';
import type { Stored } from '../api/kubernetes.ts';
import { isBeforeActive } from '../api/reasons.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { specDigestOf } from '../core/decision/decision.ts';
import type { Violation } from '../core/decision/violation.ts';
import { notIndependent } from '../core/envelope/approval.ts';
import { approverMustHold } from '../core/envelope/requester.ts';
import type { Asker, Facts } from './facts.ts';
import { requestedBy } from './requester.ts';

/** Whether a change says for the first time what somebody has decided; that it cannot be said anew the CRD's own rules hold. */
export function isApproval({ spec }: TaskGrant, before: TaskGrant | undefined): boolean {
  return (
    spec.approval !== undefined &&
    before !== undefined &&
    !isDeepStrictEqual(spec.approval, before.spec.approval)
  );
}

export async function judgeApproval(grant: TaskGrant, asker: Asker, { access }: Facts): Promise<Violation[]> {
  const byItself = [...stamped(grant, asker), ...inTime(grant), ...bySomebodyElse(grant, asker)];
  const { className } = grant.spec;
  if (byItself.length > 0 || className === undefined) return byItself;
  const denied = await access.denied(asker, approverMustHold(grant, className));
  return denied.map(({ namespace }) => ({
    code: 'ApprovalNotAllowed',
    path: 'spec.approval',
    asked: `approval of class ${className} in namespace ${namespace}`,
    allowed: 'classes on which you have the verb approve there',
    fix: `have the verb approve on taskgrantclasses granted to you in namespace ${namespace}, with the resourceName ${className}`,
  }));
}

function stamped(grant: TaskGrant, { user }: Asker): Violation[] {
  const { decidedBy, decidedAt, specDigest } = grant.spec.approval ?? {};
  const isStamped =
    isDeepStrictEqual(decidedBy, requestedBy(user)) &&
    decidedAt !== undefined &&
    specDigest === specDigestOf(grant as Stored<TaskGrant>);
  if (isStamped) return [];
  return [
    {
      code: 'ApprovalNotStamped',
      path: 'spec.approval',
      asked: `by ${decidedBy?.username ?? 'nobody'}`,
      allowed: user.username ?? '',
      fix: 'write decision and reason only; where you did, TaskGrant’s MutatingWebhookConfiguration is not in force',
    },
  ];
}

function inTime({ status }: TaskGrant): Violation[] {
  if (isBeforeActive(status?.phase) || status?.phase === 'Suspended') return [];
  return [
    {
      code: 'ApprovalTooLate',
      path: 'spec.approval',
      asked: `of a grant that is ${status?.phase ?? ''}`,
      allowed: 'Pending, AwaitingApproval or Suspended',
      fix: 'set spec.revoke to end it',
    },
  ];
}

function bySomebodyElse({ spec }: TaskGrant, { user }: Asker): Violation[] {
  const whyNot = notIndependent(requestedBy(user), spec.requestedBy);
  if (whyNot === undefined) return [];
  return [
    {
      code: 'ApproverNotIndependent',
      path: 'spec.approval',
      asked: whyNot,
      allowed: 'a second person',
      fix: 'let somebody else decide',
    },
  ];
}
