import { FINALIZER } from '../api/group.ts';
import { jsonPatch } from '../core/injection/json-patch.ts';
import type { Facts } from './facts.ts';
import { requestedBy } from './requester.ts';
import { authoredGrantIn, type Reviewer } from './review.ts';

/** Records who asks for a grant, over whatever was written there, and fills in its class and its finalizer. */
export function createGrantMutator(facts: Pick<Facts, 'classes'>): Reviewer {
  return (request) => {
    if (request.operation !== 'CREATE') return Promise.resolve({ allowed: true });
    const grant = authoredGrantIn(request.object);
    // The schema refuses it next, and names the field: an error of ours would stand in the way of that message.
    if (!grant) return Promise.resolve({ allowed: true });
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
