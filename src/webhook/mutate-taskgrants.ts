import { FINALIZER } from '../api/group.ts';
import type { AdmissionRequest, Stored, UserInfo } from '../api/kubernetes.ts';
import { MAX_REQUESTER_GROUPS, type TaskGrant } from '../api/taskgrant.ts';
import { specDigestOf } from '../core/decision/decision.ts';
import type { Violation } from '../core/decision/violation.ts';
import { jsonPatch } from '../core/injection/json-patch.ts';
import { isApproval } from './approve-taskgrants.ts';
import type { Facts } from './facts.ts';
import { requestedBy } from './requester.ts';
import { authoredGrantIn, type Answer, type Reviewer } from './review.ts';
import { NOT_ACCEPTED, NOT_CHANGED } from './validate-taskgrants.ts';

/** Records who asks for a grant, and who decides on one, over whatever was written there; and fills in class and finalizer. */
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
    case 'UPDATE':
      return isApproval(grant, authoredGrantIn(request.oldObject))
        ? stampApproval(grant, request.userInfo, facts)
        : { allowed: true };
    case 'DELETE':
    case 'CONNECT':
      return { allowed: true };
  }
}

function stampCreation(grant: TaskGrant, user: UserInfo, { classes }: Pick<Facts, 'classes'>): Answer {
  // The schema would refuse it, and name a field that the user did not write.
  if (hasTooManyGroups(user)) return tooManyGroups(NOT_ACCEPTED, grant, 'spec.requestedBy.groups', user);
  const className = grant.spec.className ?? classes.default()?.metadata.name;
  const { finalizers = [] } = grant.metadata;
  const stamped = {
    ...grant,
    metadata: {
      ...grant.metadata,
      // From the very beginning, so that there is no moment in which a deletion would leave rights behind.
      finalizers: finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER],
    },
    spec: {
      ...grant.spec,
      ...(className !== undefined && { className }),
      requestedBy: requestedBy(user),
    },
  };
  return { allowed: true, patch: jsonPatch(grant, stamped) };
}

function stampApproval(grant: TaskGrant, user: UserInfo, { now }: Pick<Facts, 'now'>): Answer {
  if (hasTooManyGroups(user))
    return tooManyGroups(NOT_CHANGED, grant, 'spec.approval.decidedBy.groups', user);
  const approval = {
    ...grant.spec.approval,
    decidedBy: requestedBy(user),
    decidedAt: new Date(now()).toISOString(),
    specDigest: specDigestOf(grant as Stored<TaskGrant>),
  };
  return { allowed: true, patch: jsonPatch(grant, { ...grant, spec: { ...grant.spec, approval } }) };
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
