/** What is worth an Event when a grant's status changes: what `kubectl describe` shows of its story. */
import { isFinal, type GrantReason } from '../../api/reasons.ts';
import type { GrantCondition, TaskGrantStatus } from '../../api/taskgrant.ts';
import { isAtLeast } from '../rules/risk-level.ts';

/** events.k8s.io/v1: `reason` says why, `action` what was done or tried. */
export interface Announcement {
  type: 'Normal' | 'Warning';
  reason: GrantReason | 'RiskRaised';
  action: 'Activate' | 'Approve' | 'Rate' | 'Suspend' | 'Resume' | 'Revoke' | 'Verify';
  note: string;
}

export function announcementsFor(before: TaskGrantStatus, after: TaskGrantStatus): Announcement[] {
  return [...ofItsState(before, after), ...ofItsRisk(before, after)];
}

function ofItsState(before: TaskGrantStatus, after: TaskGrantStatus): Announcement[] {
  if (after.phase !== before.phase) {
    if (after.phase === 'Active')
      return [{ ...activated(after), action: before.phase === 'Suspended' ? 'Resume' : 'Activate' }];
    if (after.phase === 'Suspended') return [suspended(after)];
    if (after.phase === 'Revoking') return [ended(after)];
    if (isFinal(after.phase)) return before.phase === 'Revoking' ? [verified(after)] : [ended(after)];
  }
  const rightsTaken = isVerified(after) && !isVerified(before) ? [suspensionVerified(after)] : [];
  const obstacles = (after.conditions ?? [])
    .filter((condition) => isNews(condition) && !said(condition, before))
    .map(({ type, reason, message }): Announcement => ({
      type: type === 'Approved' ? 'Normal' : 'Warning',
      reason,
      action: ACTIONS[type] ?? 'Activate',
      note: message,
    }));
  return [...rightsTaken, ...obstacles];
}

const ACTIONS: Partial<Record<GrantCondition['type'], Announcement['action']>> = {
  Approved: 'Approve',
  Revoked: 'Revoke',
};

/** What is in the way; and of an approval, that it is wanted and that it is there. */
function isNews(condition: GrantCondition): boolean {
  return condition.type === 'Approved' || (condition.status === 'False' && isObstacle(condition));
}

/** What leads beyond the rights that it is found in; and of an active grant, that what is bound besides it has come to lead further. */
function ofItsRisk({ phase, risk: before }: TaskGrantStatus, { risk }: TaskGrantStatus): Announcement[] {
  if (!risk || isAtLeast(before?.level ?? 'None', risk.level)) return [];
  if (!isAtLeast(risk.level, 'High') && (phase !== 'Active' || !before)) return [];
  const [worst] = risk.findings;
  return [
    {
      type: 'Warning',
      reason: 'RiskRaised',
      action: 'Rate',
      note: `${risk.level}${worst ? `, for ${worst.code} first of all: ${worst.message}` : ''}; all of it stands in status.risk`,
    },
  ];
}

/** What keeps a grant from becoming active, or from being gone, apart from the summary that the Active condition gives. */
function isObstacle({ type, reason }: GrantCondition): boolean {
  return type !== 'Active' && !EXPECTED.has(reason);
}

/** What a condition says in the course of things. */
const EXPECTED: ReadonlySet<GrantReason> = new Set(['Provisioning', 'Suspended', 'Revoked', 'NotRevoked']);

function said({ type, reason, message }: GrantCondition, before: TaskGrantStatus): boolean {
  return (before.conditions ?? []).some(
    (condition) => condition.type === type && condition.reason === reason && condition.message === message,
  );
}

function activated({ serviceAccountName, expiresAt, decision }: TaskGrantStatus): Announcement {
  return {
    type: 'Normal',
    reason: 'Active',
    action: 'Activate',
    note: `service account ${serviceAccountName ?? ''} until ${expiresAt ?? ''} (decision ${decision?.id ?? ''})`,
  };
}

function suspended({ suspension, conditions }: TaskGrantStatus): Announcement {
  const reason = suspension?.reason ?? 'Suspended';
  const note = conditions?.find(({ type }) => type === 'Active')?.message ?? '';
  return { type: reason === 'Suspended' ? 'Normal' : 'Warning', reason, action: 'Suspend', note };
}

function isVerified({ suspension }: TaskGrantStatus): boolean {
  return suspension?.verifiedAt !== undefined;
}

function suspensionVerified({ suspension }: TaskGrantStatus): Announcement {
  const took = timeSince(suspension?.requestedAt);
  return {
    type: 'Normal',
    reason: 'Verified',
    action: 'Verify',
    note: `suspended: rights gone after ${took(suspension?.rbacRemovedAt)}, verified after ${took(suspension?.verifiedAt)}`,
  };
}

function timeSince(start: string | undefined) {
  return (time: string | undefined) =>
    time === undefined ? '?' : `${Date.parse(time) - Date.parse(start ?? time)} ms`;
}

function ended(after: TaskGrantStatus): Announcement {
  const condition = after.conditions?.find(({ type }) => type === 'Active');
  const reason = condition?.reason ?? 'Revoked';
  const expected =
    reason === 'Completed' || reason === 'Revoked' || reason === 'Deleted' || reason === 'Expired';
  return { type: expected ? 'Normal' : 'Warning', reason, action: 'Revoke', note: condition?.message ?? '' };
}

function verified({ conditions, revocation }: TaskGrantStatus): Announcement {
  const revoked = conditions?.find(({ type }) => type === 'Revoked');
  const took = timeSince(revocation?.requestedAt);
  return revoked?.status === 'True'
    ? {
        type: 'Normal',
        reason: 'Verified',
        action: 'Verify',
        note: `rights gone after ${took(revocation?.rbacRemovedAt)}, identity after ${took(revocation?.identityRemovedAt)}, verified after ${took(revocation?.verifiedAt)}`,
      }
    : { type: 'Warning', reason: 'RightsRemain', action: 'Verify', note: revoked?.message ?? '' };
}
