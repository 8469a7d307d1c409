/** What no envelope can hold, and who may come into a running pod. */
import type { Violation } from '../decision/violation.ts';
import type { IdentityRequest } from '../identity/request.ts';
import type { RequestRule } from './rule.ts';

/** Nobody but the task's own containers holds its identity, unless the grant says otherwise. */
export const execIsAllowed: RequestRule<'EphemeralContainer'> = function* ({ value, path }, { grant }) {
  if (grant.spec.workload.allowExec) return;
  yield {
    code: 'ExecNotAllowed',
    path,
    asked: `ephemeral container ${value}`,
    allowed: 'none',
    fix: 'set spec.workload.allowExec in a new grant where people must look into the running task',
  };
};

/** A pod under a grant gets nothing of its node. */
export const nothingOfTheNode: RequestRule<'NodeAccess'> = function* ({ value, path }) {
  yield {
    code: 'NodeAccess',
    path,
    asked: value,
    allowed: 'nothing of its node',
    fix: 'drop the field: no envelope can hold access to a node',
  };
};

/** Programs find the tokens that the grant gives, and no others, where they look for them. */
export const tokensInPlace: RequestRule<'TokenShadow'> = function* ({ value, path }) {
  yield {
    code: 'TokenShadowed',
    path,
    asked: `${value.at}, from ${value.by}`,
    allowed: 'the tokens of the envelope there',
    fix: 'mount it elsewhere; in a projected volume, list the token last or name the items of the other source',
  };
};

/** Public, and harmless: KEP-3257. */
export const trustBundlesArePublic: RequestRule<'TrustBundle'> = () => [];

/** A reference that leads nowhere yet could lead anywhere later. */
export const everythingResolves: RequestRule<'Unresolved'> = function* ({ value, path }) {
  yield {
    code: 'ClaimNotResolved',
    path,
    asked: `${value.what}: ${value.why}`,
    allowed: 'claims whose driver can be told',
    fix: 'create what it refers to first, or bind the claim',
  };
};

/** What cannot be judged is refused. */
export const nothingUnjudged: RequestRule<'Unjudged'> = (request) => [unjudged(request)];

/** That something cannot be judged, whoever's pod it is. */
export function unjudged({ value, path }: IdentityRequest<'Unjudged'>): Violation {
  return {
    code: 'PodNotSupported',
    path,
    asked: value.what,
    allowed: value.known,
    fix: 'do without it: this version cannot judge it',
  };
}
