/** What must hold before a grant may become active, one after the other. */
import { ENFORCE_LABEL, FINALIZER, isLevel } from '../../api/group.ts';
import type { GrantReason } from '../../api/reasons.ts';
import { milliseconds } from '../duration.ts';
import { approvalOf, needsApproval, type StampedApproval } from '../envelope/approval.ts';
import { judgeClassByItself } from '../envelope/class-by-itself.ts';
import { durationsAreRead } from '../envelope/durations.ts';
import { grantorIsKnown } from '../envelope/grantor.ts';
import { grantAnywhereWithinClass, saidToItsGrants } from '../envelope/class.ts';
import { canBeAsked } from '../envelope/requester.ts';
import { namespaceIsSelected } from '../envelope/selected-namespace.ts';
import { unsupportedInGrant } from '../envelope/supported.ts';
import type { Violation } from '../decision/violation.ts';
import { renderViolation } from '../decision/denial.ts';
import type { Finding } from './conditions.ts';
import { groupDrift } from './drift.ts';
import type { Facts } from './facts.ts';
import { pauseWithin } from './pause.ts';
import { RECORD_RETRY_MS } from './status.ts';

/** Why a grant is not active: it may wait for that to change, or never become active at all. */
export interface Obstacle {
  outcome: 'wait' | 'deny';
  finding: Finding;
  /** When the obstacle goes by itself, in milliseconds since the epoch. */
  until?: number;
}

type Gate = (facts: Facts) => Obstacle | undefined;

/** The first thing in the way, in the order in which people can mend them. */
export function obstacleOf(facts: Facts): Obstacle | undefined {
  for (const gate of GATES) {
    const obstacle = gate(facts);
    if (obstacle) return obstacle;
  }
  return undefined;
}

/** How long to wait before enforcement is looked at again; the prober itself tries more often than that. */
const ENFORCEMENT_RETRY_MS = 1000;

/**
 * What refused a creation (a quota, a policy, a missing right) is mended by people: tried again after as long as it has
 * been tried already, within these limits. Every attempt asks anew what the requester holds.
 */
const CREATION_RETRY_MS = { least: 5000, most: 60_000 };

/** Asked of an active grant as well: whoever takes the label off ends the judging of its pods. */
export function namespaceIsEnforced({
  grant,
  namespace,
}: Pick<Facts, 'grant' | 'namespace'>): Obstacle | undefined {
  const level = namespace?.metadata.labels?.[ENFORCE_LABEL];
  if (isLevel(level)) return undefined;
  const name = grant.metadata.namespace;
  return wait('Enforced', 'NamespaceNotEnforced', {
    message:
      level === undefined
        ? `pods are not judged in namespace ${name}: kubectl label namespace ${name} ${ENFORCE_LABEL}=granted`
        : `${level}, the level of namespace ${name}, is none: kubectl label --overwrite namespace ${name} ${ENFORCE_LABEL}=granted`,
  });
}

export function enforced({ enforcement }: Pick<Facts, 'enforcement'>): Finding {
  return { type: 'Enforced', status: 'True', reason: 'Enforced', message: enforcement.message };
}

/** The reasons that a class has for a no have the names of their codes; the first of several is the one that is said. */
const BEYOND_THE_CLASS = ['LimitExceeded', 'ImageNotPinned', 'BeyondCeiling', 'RiskTooHigh'] as const;

/** Of a grant that was approved: by whom. */
export function approvedBy({ grant }: Pick<Facts, 'grant'>): Finding[] {
  const { approval } = grant.spec;
  const said = approval && approvalOf(grant, approval);
  if (!said || 'fault' in said) return [];
  return [{ type: 'Approved', status: 'True', reason: 'Approved', message: renderApproval(said.approval) }];
}

function renderApproval({ decision, decidedBy, decidedAt, reason }: StampedApproval): string {
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${decision === 'Approved' ? 'approved' : 'denied'} by ${decidedBy.username} at ${decidedAt}${why}`;
}

const GATES: readonly Gate[] = [
  function supported({ grant }) {
    return denied('NotSupportedYet', unsupportedInGrant(grant));
  },

  function hasAnEnd({ grant }) {
    return denied('LimitExceeded', durationsAreRead(grant));
  },

  function classExists({ grant, class: itsClass }) {
    if (itsClass) return undefined;
    const { className } = grant.spec;
    // Admission has looked for a default, and spec.className cannot be added later.
    if (className === undefined) {
      return deny(
        'Accepted',
        'ClassNotFound',
        'no class is named, and none was the default: set spec.className in a new TaskGrant',
      );
    }
    return wait('Accepted', 'ClassNotFound', {
      message: `TaskGrantClass ${className} does not exist: create it, or a new TaskGrant with another class`,
    });
  },

  function classIsAccepted({ class: itsClass, release }) {
    const violations = itsClass
      ? saidToItsGrants([...judgeClassByItself(itsClass), ...grantorIsKnown(itsClass, release)], itsClass)
      : [];
    if (violations.length === 0) return undefined;
    return wait('Accepted', 'ClassNotAccepted', { message: messageOf(violations) });
  },

  function withinItsClass({ grant, class: itsClass, apiAudiences }) {
    const violations = itsClass ? grantAnywhereWithinClass(grant, itsClass, apiAudiences) : [];
    const reason = BEYOND_THE_CLASS.find((one) => violations.some(({ code }) => code === one));
    return denied(reason ?? 'LimitExceeded', violations);
  },

  function inASelectedNamespace({ grant, class: itsClass, namespace }) {
    const violations = itsClass ? namespaceIsSelected(grant, itsClass, namespace?.metadata.labels) : [];
    if (violations.length === 0) return undefined;
    return wait('Accepted', 'NamespaceNotSelected', { message: messageOf(violations) });
  },

  function fewEnoughToAsk({ grant }) {
    return denied('LimitExceeded', canBeAsked(grant));
  },

  function withinTheNumberOfGrants({ class: itsClass, olderUnfinished }) {
    const most = itsClass?.spec.limits?.maxActivePerNamespace;
    if (most === undefined || olderUnfinished < most) return undefined;
    return deny(
      'Accepted',
      'LimitExceeded',
      `the namespace has ${olderUnfinished} unfinished grants of the class, and ${most} are allowed`,
    );
  },

  function requesterIsKnown({ grant }) {
    if (grant.spec.requestedBy) return undefined;
    return deny(
      'Accepted',
      'RequesterUnknown',
      'spec.requestedBy is empty: admission did not see the creation of this grant; create it anew',
    );
  },

  /** Behind what says who asked, and whether the namespace is one of the class's: validations see both. */
  function satisfiesValidations({ failedValidations }) {
    return denied('ValidationFailed', failedValidations);
  },

  function approved({ grant, class: itsClass, now }) {
    const { approval } = grant.spec;
    if (approval) {
      const said = approvalOf(grant, approval);
      if ('fault' in said)
        return deny('Approved', 'ApprovalInvalid', `spec.approval counts as none: ${said.fault}`);
      return approval.decision === 'Denied'
        ? deny('Approved', 'ApprovalDenied', renderApproval(said.approval))
        : undefined;
    }
    if (!itsClass?.spec.approval || !needsApproval(grant, itsClass)) return undefined;
    const { requiredAtRisk, maxWait } = itsClass.spec.approval;
    const until = Date.parse(grant.metadata.creationTimestamp) + milliseconds(maxWait);
    const who = `somebody with the verb approve on taskgrantclass ${itsClass.metadata.name}`;
    if (until <= now)
      return deny(
        'Approved',
        'NotApprovedInTime',
        `${who} had to approve it within ${maxWait}, and nobody has`,
      );
    const { name, namespace, uid } = grant.metadata;
    return wait('Approved', 'AwaitingApproval', {
      message: `rated ${requiredAtRisk} or worse, it waits for ${who} until ${new Date(until).toISOString()}: kubectl taskgrant approve ${name} -n ${namespace} --uid ${uid} --reason …`,
      until,
    });
  },

  function namespaceCanBeJudged({ grant, neverJudged }) {
    if (!neverJudged) return undefined;
    return deny(
      'Enforced',
      'NamespaceNotEnforced',
      `pods are never judged in namespace ${grant.metadata.namespace}: create the TaskGrant in another one`,
    );
  },

  namespaceIsEnforced,

  /** Of a suspended grant, which was active once. */
  function notWidened(facts) {
    const drift = groupDrift(facts);
    return drift && deny('Accepted', 'Drifted', drift.message);
  },

  function enforcementIsProven({ enforcement, now }) {
    if (enforcement.proven) return undefined;
    return wait('Enforced', 'EnforcementNotProven', {
      message: enforcement.message,
      until: now + ENFORCEMENT_RETRY_MS,
    });
  },

  /** Behind what says that pods are judged: the account of a grant that waits for this stays. */
  function notSuspended({ grant }) {
    return grant.spec.suspend ? wait('Active', 'Suspended', { message: 'spec.suspend is true' }) : undefined;
  },

  function timeHasCome({ grant, now }) {
    const { notBefore } = grant.spec;
    if (notBefore === undefined) return undefined;
    const until = Date.parse(notBefore);
    // The schema takes some that name no moment: +24:30 is a time zone by its pattern alone.
    if (Number.isNaN(until))
      return deny('Accepted', 'NotBefore', `spec.notBefore names no time: ${notBefore}`);
    return until <= now
      ? undefined
      : wait('Active', 'NotBefore', { message: `not before ${notBefore}`, until });
  },

  function requesterHolds({ grant, requesterLacks }) {
    if (!requesterLacks?.length) return undefined;
    const who = grant.spec.requestedBy?.username ?? '';
    return deny('Accepted', 'BeyondRequester', `${who} does not hold: ${requesterLacks.join('; ')}`);
  },

  function creationWorked({ grant, failure, now }) {
    if (failure?.reason !== 'CreationRefused')
      return failure && deny('Provisioned', failure.reason, failure.message);
    const { lastTransitionTime } = grant.status?.conditions?.find(({ type }) => type === 'Provisioned') ?? {};
    const triedForMs = lastTransitionTime === undefined ? 0 : now - Date.parse(lastTransitionTime);
    const until = now + pauseWithin(CREATION_RETRY_MS, triedForMs);
    return wait('Provisioned', failure.reason, { message: failure.message, until });
  },

  function canBeRecorded({ unrecorded, now }) {
    if (unrecorded === undefined) return undefined;
    return wait('Active', 'Pending', { message: unrecorded, until: now + RECORD_RETRY_MS });
  },
];

/** Whether the finalizer, without which a deletion would leave rights behind, is on the grant. */
export function isHeld({ grant }: Pick<Facts, 'grant'>): boolean {
  return grant.metadata.finalizers?.includes(FINALIZER) ?? false;
}

function wait(
  type: Finding['type'],
  reason: GrantReason,
  { message, until }: { message: string; until?: number },
): Obstacle {
  return {
    outcome: 'wait',
    finding: { type, status: 'False', reason, message },
    ...(until !== undefined && { until }),
  };
}

function deny(type: Finding['type'], reason: GrantReason, message: string): Obstacle {
  return { outcome: 'deny', finding: { type, status: 'False', reason, message } };
}

function denied(reason: GrantReason, violations: readonly Violation[]): Obstacle | undefined {
  return violations.length > 0 ? deny('Accepted', reason, messageOf(violations)) : undefined;
}

function messageOf(violations: readonly Violation[]): string {
  return violations.map(renderViolation).join('; ');
}
