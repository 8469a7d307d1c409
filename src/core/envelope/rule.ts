import type { Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import type { IdentityRequest, RequestKind } from '../identity/request.ts';

/** What a request is judged by. */
export interface GrantFacts {
  grant: Stored<TaskGrant>;
  /** What the API server calls itself: see audience.ts. */
  apiAudiences: readonly string[];
}

/** Judges one request of one kind against the grant; says nothing where it is within the envelope. */
export type RequestRule<Kind extends RequestKind> = (
  request: IdentityRequest<Kind>,
  facts: GrantFacts,
) => Iterable<Violation>;

/** What a pod's admission under a grant depends on besides what the pod asks for. */
export interface AdmissionFacts extends GrantFacts {
  /** Other pods than this one that were ever admitted under the grant. */
  podsUsed: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Judges whether the grant takes another pod at all. */
export type GrantRule = (facts: AdmissionFacts) => Iterable<Violation>;
