import { FINALIZER } from '../api/group.ts';
import { MAX_REQUESTER_GROUPS, type TaskGrant } from '../api/taskgrant.ts';
import type { Violation } from '../core/decision/violation.ts';
import { jsonPatch } from '../core/injection/json-patch.ts';
import type { Facts } from './facts.ts';
import { requestedBy } from './requester.ts';
import { authoredGrantIn, type Answer, type Reviewer } from './review.ts';
import { NOT_ACCEPTED } from './validate-taskgrants.ts';

/** Records who asks for a grant, over whatever was written there, and fills in its class and its finalizer. */
export function createGrantMutator(facts: Pick<Facts, 'classes'>): Reviewer {
  return (request) => {
    if (request.operation !== 'CREATE') return Promise.resolve({ allowed: true });
    const grant = authoredGrantIn(request.object);
    // The schema refuses it next, and names the field: an error of ours would stand in the way of that message.
    if (!grant) return Promise.resolve({ allowed: true });
    const { groups = [] } = request.userInfo;
    // The schema would refuse it, and name a field that the user did not write.
    if (groups.length > MAX_REQUESTER_GROUPS) return Promise.resolve(tooManyGroups(grant, groups.length));
    const className = grant.spec.className ?? facts.classes.default()?.metadata.name;
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
        requestedBy: requestedBy(request.userInfo),
      },
    };
    return Promise.resolve({ allowed: true, patch: jsonPatch(grant, stamped) });
  };
}

function tooManyGroups({ metadata }: TaskGrant, groups: number): Answer {
  const violation: Violation = {
    code: 'RequesterTooLarge',
    path: 'spec.requestedBy.groups',
    asked: `${groups} groups`,
    allowed: String(MAX_REQUESTER_GROUPS),
    fix: 'let a user or a service account with fewer groups create the grant',
  };
  return {
    allowed: false,
    headline: NOT_ACCEPTED,
    violations: [violation],
    audit: { grant: metadata.name },
  };
}
