/** Whether a grant needs somebody's approval, and whose word counts as one. */
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import type { Approval, RequestedBy, TaskGrant } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import type { Stored } from '../../api/kubernetes.ts';
import { specDigestOf } from '../decision/decision.ts';
import type { Violation } from '../decision/violation.ts';
import { accountOf } from '../rules/bound.ts';
import { isAtLeast } from '../rules/risk-level.ts';
import { riskOf } from '../rules/risk.ts';
import { envelopeRules } from './requester.ts';

/** By the level of the envelope's rules alone, as with `limits.maxRisk`. */
export function needsApproval(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  { spec }: Pick<TaskGrantClass, 'spec'>,
): boolean {
  return (
    spec.approval !== undefined && isAtLeast(riskOf(envelopeRules(grant)).level, spec.approval.requiredAtRisk)
  );
}

/** What a new grant says of its approval. */
export function notApprovedYet({ spec: { approval } }: Pick<TaskGrant, 'spec'>): Violation[] {
  if (!approval) return [];
  return [
    {
      code: 'ApprovalAtCreation',
      path: 'spec.approval',
      asked: approval.decision,
      allowed: 'no approval',
      fix: 'leave it out, and have somebody say it when the grant is there',
    },
  ];
}

/** As admission stamps it. */
export type StampedApproval = Approval & Required<Pick<Approval, 'decidedBy' | 'decidedAt' | 'specDigest'>>;

/** The approval as admission has stamped it for this very spec; otherwise why it is none. */
export function approvalOf(
  grant: Stored<TaskGrant>,
  approval: Approval,
): { approval: StampedApproval } | { fault: string } {
  const { decidedBy, decidedAt, specDigest } = approval;
  if (!decidedBy || decidedAt === undefined || specDigest === undefined)
    return { fault: 'admission did not see it, and so nobody is known to have said it' };
  if (specDigest !== specDigestOf(grant)) return { fault: 'it was said of another spec' };
  const whyNot = notIndependent(decidedBy, grant.spec.requestedBy);
  return whyNot === undefined
    ? { approval: { ...approval, decidedBy, decidedAt, specDigest } }
    : { fault: whyNot };
}

/**
 * Why this is nobody who may decide on what was asked by that one; undefined where it may be. Username and UID each say who somebody
 * is: an authenticator may give a person several of the one, and whoever impersonates chooses the other. Groups and extras say nothing.
 */
export function notIndependent(
  approver: RequestedBy,
  requester: RequestedBy | undefined,
): string | undefined {
  const account = accountOf({ kind: 'User', name: approver.username }, undefined);
  if (account?.name.startsWith(SERVICE_ACCOUNT_PREFIX)) return `${approver.username} is a task`;
  if (approver.username === requester?.username) return `${approver.username} asked for the grant`;
  const isSame = approver.uid !== undefined && approver.uid === requester?.uid;
  return isSame ? `${approver.username} has the UID of who asked for the grant` : undefined;
}
