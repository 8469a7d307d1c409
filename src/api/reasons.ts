/** The condition types and reasons of both kinds: closed lists, so that tools can rely on them. */

/** Condition types of a TaskGrant. */
export const GRANT_CONDITIONS = [
  'Accepted',
  'Approved',
  'Provisioned',
  'Enforced',
  'Active',
  'Revoked',
] as const;
export type GrantConditionType = (typeof GRANT_CONDITIONS)[number];

/** Each reason that a TaskGrant's condition can have, and what it says. */
export const GRANT_REASONS = {
  // Accepted
  Accepted: 'The class exists, allows the grant, and every feature that the grant declares is supported.',
  ClassNotFound: 'The TaskGrantClass does not exist, or none is named and there is no default one.',
  ClassNotAccepted: 'The TaskGrantClass itself is not accepted: see its conditions.',
  NamespaceNotSelected: 'The class does not select the namespace of the grant.',
  LimitExceeded: 'The grant asks for more than the limits of its class.',
  ImageNotPinned: 'The class wants images by digest, and the grant names some without.',
  BeyondCeiling:
    'The grant asks for more than the ceiling of its class: what spec.ceiling has, or (of Provisioned) what the API server lets its grantor write into Roles.',
  NotSupportedYet: 'The grant declares something that this version cannot enforce, and so refuses.',
  InvalidName: 'The name of the grant is too long for the names that are derived from it.',
  BeyondRequester: 'The class says RequesterHolds, and the requester does not hold what the envelope grants.',
  RequesterUnknown: 'spec.requestedBy is not what admission stamps, so nobody can be held to it.',
  ValidationFailed: 'A validation of the class is not true of the grant, or could not be told.',
  RiskTooHigh: 'The envelope’s rules lead further than limits.maxRisk of the class allows.',
  // Approved
  Approved: 'Somebody who may approve grants of the class has approved this one.',
  AwaitingApproval: 'The class wants approval of what is rated so, and nobody has decided yet.',
  NotApprovedInTime: 'Nobody has approved the grant in the time that its class gives.',
  ApprovalDenied: 'Somebody who may approve grants of the class has denied this one.',
  ApprovalInvalid:
    'spec.approval is not what admission stamps, is of another spec, or is by the one who asked: it counts as none.',
  // Provisioned
  Provisioned: 'Service account, Roles and RoleBindings exist as decided.',
  Provisioning: 'The inventory is recorded and is being created.',
  NameTaken: 'An object of a name that is needed exists and is not this grant’s.',
  NamespaceNotFound: 'A namespace that the envelope names does not exist.',
  CreationRefused:
    'The API server refused to create what the grant needs, for another reason: a quota, a policy of the cluster, or a right that the controller lacks. Tried again.',
  // Enforced
  Enforced:
    'A dry-run pod that had to be refused was refused, and the webhook configurations are as installed.',
  NamespaceNotEnforced:
    'The namespace does not carry the label taskgrant.dev/enforce with a supported level.',
  EnforcementNotProven:
    'The dry-run pod that has to be refused was not refused, or could not be tried; or the webhook configurations are not as they were installed.',
  // Active
  Active: 'The identity exists and pods may run under the grant.',
  NotBefore: 'spec.notBefore is not reached yet.',
  Pending: 'Not active yet: the message says why.',
  Suspended:
    'spec.suspend is true, or was and the grant is judged anew: the account stays, and holds nothing.',
  // the ends, and Revoked
  Completed: 'The task is complete.',
  PodsUsedUp:
    'The task has ended with fewer successes than completion.succeeded: workload.maxPods were used. The phase is Completed.',
  Expired: 'The duration of the grant is over.',
  Revoked: 'spec.revoke was set.',
  Deleted: 'The grant, or its namespace, was deleted.',
  Denied: 'The grant cannot be activated: see the other conditions.',
  Drifted:
    'What the decision was taken on no longer holds: something that was issued was changed by somebody else, more was bound to the account, or the class does not allow the grant any more.',
  Revoking: 'Rights and identity are being removed.',
  Verified: 'Everything in the inventory is gone, and the API server refuses what the envelope allowed.',
  RightsRemain:
    'The inventory is gone, but bindings that are not the product’s still allow the account something.',
  NotRevoked: 'The grant holds rights.',
} as const;
export type GrantReason = keyof typeof GRANT_REASONS;

/** Condition types of a TaskGrantClass. */
export const CLASS_CONDITIONS = ['Accepted', 'GrantorUsable'] as const;
export type ClassConditionType = (typeof CLASS_CONDITIONS)[number];

export const CLASS_REASONS = {
  // Accepted
  Accepted: 'Grants of the class can be judged by all that it says.',
  Invalid: 'The class says something that no grant can be judged by; grants of it are refused.',
  GrantorUnknown: 'The grantor is not named as grantors of this release are; grants of it are refused.',
  // GrantorUsable
  ConstrainedImpersonation:
    'The controller may write Roles and bindings as the grantor, and nothing else (KEP-5284, from Kubernetes 1.36).',
  PlainImpersonation:
    'The controller may do as the grantor whatever the grantor may: the API server knows no narrower way, or the controller was given the verb impersonate.',
  ImpersonationRefused:
    'The API server does not let the controller act as the grantor, so no grant of the class becomes active.',
} as const;
export type ClassReason = keyof typeof CLASS_REASONS;

/** The phases in which a grant can be. Completed, Expired, Revoked and Denied are final. */
export const PHASES = [
  'Pending',
  'AwaitingApproval',
  'Active',
  'Suspended',
  'Revoking',
  'Completed',
  'Expired',
  'Revoked',
  'Denied',
] as const;
export type Phase = (typeof PHASES)[number];

export const FINAL_PHASES = ['Completed', 'Expired', 'Revoked', 'Denied'] as const satisfies readonly Phase[];
export type FinalPhase = (typeof FINAL_PHASES)[number];

export function isFinal(phase: Phase | undefined): phase is FinalPhase {
  return (FINAL_PHASES as readonly (Phase | undefined)[]).includes(phase);
}

/** Whether the grant has not come to hold rights yet, and may still. */
export function isBeforeActive(phase: Phase | undefined): boolean {
  return phase === undefined || phase === 'Pending' || phase === 'AwaitingApproval';
}
