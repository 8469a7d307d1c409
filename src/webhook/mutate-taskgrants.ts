import { isDeepStrictEqual } from 'node:util';
import { FINALIZER } from '../api/group.ts';
import type { AdmissionRequest, Stored, UserInfo } from '../api/kubernetes.ts';
import { MAX_REQUESTER_GROUPS, type TaskGrant } from '../api/taskgrant.ts';
import { specDigestOf } from '../core/decision/decision.ts';
import type { Violation } from '../core/decision/violation.ts';
import type { PatchOperation } from '../core/injection/json-patch.ts';
import { isRecord } from '../core/record.ts';
import { isApproval } from './approve-taskgrants.ts';
import type { Facts } from './facts.ts';
import { requestedBy } from './requester.ts';
import { authoredGrantIn, type Answer, type Reviewer } from './review.ts';
import { NOT_ACCEPTED, NOT_CHANGED } from './validate-taskgrants.ts';

/**
 * Records who asks for a grant, and who decides on one, over whatever was written there; and fills in class and finalizer. Nothing of the
 * spec has been looked at before, by the CRD's schema neither: it is anything, of any size, and so none of it is copied, gone through or
 * written back. What is stamped is written as a whole.
 */
export function createGrantMutator(facts: Pick<Facts, 'classes' | 'now'>): Reviewer {
  return (request) => Promise.resolve(stamp(request, facts));
}

function stamp(request: AdmissionRequest, facts: Pick<Facts, 'classes' | 'now'>): Answer {
  const grant = authoredGrantIn(request.object);
  // The schema refuses it next, and names the field: an error of ours would stand in the way of that message.
  if (!grant) return { allowed: true };
  switch (request.operation) {
    case 'CREATE':
      return stampCreation(grant, request.userInfo, facts);
    case 'UPDATE': {
      const before = authoredGrantIn(request.oldObject);
      return before && isApproval(grant, before)
        ? stampApproval(grant, before, request.userInfo, facts)
        : { allowed: true };
    }
    case 'DELETE':
    case 'CONNECT':
      return { allowed: true };
  }
}

function stampCreation(grant: TaskGrant, user: UserInfo, { classes }: Pick<Facts, 'classes'>): Answer {
  // The schema would refuse it, and name a field that the user did not write.
  if (hasTooManyGroups(user)) return tooManyGroups(NOT_ACCEPTED, grant, 'spec.requestedBy.groups', user);
  const className = grant.spec.className ?? classes.default()?.metadata.name;
  return {
    allowed: true,
    patch: [
      ...held(grant),
      ...stamped('/spec/className', grant.spec.className, className),
      ...stamped('/spec/requestedBy', grant.spec.requestedBy, requestedBy(user)),
    ],
  };
}

/** From the very beginning, so that there is no moment in which a deletion would leave rights behind. */
function held({ metadata: { finalizers } }: TaskGrant): PatchOperation[] {
  if (!finalizers) return [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }];
  return finalizers.includes(FINALIZER)
    ? []
    : [{ op: 'add', path: '/metadata/finalizers/-', value: FINALIZER }];
}

/** @param before as it was stored: what an approval is about is there already, and changes no more */
function stampApproval(
  grant: TaskGrant,
  before: TaskGrant,
  user: UserInfo,
  { now }: Pick<Facts, 'now'>,
): Answer {
  if (hasTooManyGroups(user))
    return tooManyGroups(NOT_CHANGED, grant, 'spec.approval.decidedBy.groups', user);
  const approval: unknown = grant.spec.approval;
  // As above: the schema names what it has to be.
  if (!isRecord(approval)) return { allowed: true };
  const stamp = {
    decidedBy: requestedBy(user),
    decidedAt: new Date(now()).toISOString(),
    specDigest: specDigestOf(before as Stored<TaskGrant>),
  };
  return {
    allowed: true,
    patch: Object.entries(stamp).flatMap(([field, value]) =>
      stamped(`/spec/approval/${field}`, approval[field], value),
    ),
  };
}

/** What makes a field of the object what it has to be, whatever is there: adding replaces (RFC 6902, section 4.1). */
function stamped(path: string, before: unknown, value: unknown): PatchOperation[] {
  return value === undefined || isDeepStrictEqual(before, value) ? [] : [{ op: 'add', path, value }];
}

function hasTooManyGroups({ groups = [] }: UserInfo): boolean {
  return groups.length > MAX_REQUESTER_GROUPS;
}

function tooManyGroups(
  headline: string,
  { metadata }: TaskGrant,
  path: string,
  { groups = [] }: UserInfo,
): Answer {
  const violation: Violation = {
    code: 'RequesterTooLarge',
    path,
    asked: `${groups.length} groups`,
    allowed: String(MAX_REQUESTER_GROUPS),
    fix: 'let a user or a service account with fewer groups do it',
  };
  return { allowed: false, headline, violations: [violation], audit: { grant: metadata.name } };
}
