/** What the lifecycle is decided on, and what it can decide: plain data both, so that a plan can be printed and tested. */
import type { Namespace, Pod, Stored } from '../../api/kubernetes.ts';
import type { GrantReason } from '../../api/reasons.ts';
import type { InventoryItem, TaskGrant, TaskGrantStatus } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import type { Violation } from '../decision/violation.ts';
import type { Release } from '../envelope/grantor.ts';
import type { ExternalKey } from '../identity/external-identity.ts';
import type { AccessBesides } from '../rules/effective.ts';
import type { FoundObject, IssuedObject } from './issued.ts';

export interface Facts {
  grant: Stored<TaskGrant>;
  /** Milliseconds since the epoch. */
  now: number;
  /** The class that the grant names, where it exists. */
  class: TaskGrantClass | undefined;
  /** The grant's own namespace, where it exists. */
  namespace: Namespace | undefined;
  /** What the validations of its class have against it. */
  failedValidations: readonly Violation[];
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
  /** The product's own release. */
  release: Release;
  /** By what other identity systems know accounts, besides those that are known anyway. */
  externalKeys: readonly ExternalKey[];
  /** Whether the webhooks leave that namespace alone whatever its labels say. */
  neverJudged: boolean;
  /** Whether a request that has to be refused was refused, a short time ago. */
  enforcement: { proven: boolean; message: string };
  /** Unfinished grants of the same class in the same namespace that are older than this one. */
  olderUnfinished: number;
  /** What its account holds beside what is issued for it, by the RBAC of the cluster. */
  besides: AccessBesides;
  /** Pods that use the grant's service account. */
  pods: readonly Stored<Pod>[];
  /** What exists of what was made for the grant, and what stands in its place under the same name. */
  found: readonly FoundObject[];
  /** What the requester does not hold: use of the class, or what the envelope says where the class wants that; undefined while it was not asked. */
  requesterLacks?: readonly string[];
  /** Random characters for the name of the account, should it be given one now. */
  suffix: string;
  /** UIDs of what this process has created for the grant since it took it up. */
  written: readonly string[];
  /** What went wrong for good when the identity was created. */
  failure?: { reason: GrantReason; message: string };
  /** Why the API server does not store the status that was last written, where it refused for good. */
  unrecorded?: string;
  /** What was done and seen since the grant was taken up: of a revocation, and apart from it of a suspension. Times are RFC 3339. */
  progress: {
    rbacRemovedAt?: string;
    identityRemovedAt?: string;
    look?: Look;
    rightsRemovedAt?: string;
    rightsLook?: Look;
  };
}

/** A look at what was removed: what is still there, and what the API server would still allow the account. */
export interface Look {
  at: string;
  remaining: readonly InventoryItem[];
  stillAllowed: readonly string[];
}

/** One thing to do. Each is idempotent, and each answers with the facts that it changes. */
export type Action =
  | { do: 'addFinalizer' }
  | { do: 'removeFinalizer' }
  | { do: 'writeStatus'; status: TaskGrantStatus }
  | { do: 'askRequester' }
  | { do: 'create'; object: IssuedObject }
  | { do: 'remove'; item: InventoryItem }
  | { do: 'note'; what: 'rbacRemovedAt' | 'identityRemovedAt' | 'rightsRemovedAt' }
  | { do: 'removePod'; name: string; uid: string; graceSeconds: number; why: string }
  | { do: 'look'; items: readonly InventoryItem[] }
  | { do: 'lookAtRights'; items: readonly InventoryItem[] }
  | { do: 'removeGrant' };

export interface Plan {
  /** In order; those of one step at the same time. Where a step fails, nothing after it is done … */
  steps: readonly (readonly Action[])[];
  /** … but where rights are taken away: one that cannot be removed is no reason to leave the others. */
  regardless?: true;
  /** When to decide again though nothing changed, in milliseconds since the epoch. */
  againAt?: number;
}

export const NOTHING: Plan = { steps: [] };

/** RFC 3339 with milliseconds: a receipt says how long a revocation took, and that is less than a second. */
export function timeOf(facts: Pick<Facts, 'now'>): string {
  return new Date(facts.now).toISOString();
}
