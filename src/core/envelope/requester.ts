/** RequesterHolds: an envelope as the list of questions that the API server answers about the requester. */
import { GROUP } from '../../api/group.ts';
import type { SubjectAccessReview, UserInfo } from '../../api/kubernetes.ts';
import type { RequestedBy, TaskGrant, TaskGrantSpec } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { namespacesReached } from './reach.ts';
import { covers } from '../rules/algebra.ts';
import {
  renderRight as render,
  resourceRightsIn,
  type ResourceRight,
  type ScopedRule,
} from '../rules/right.ts';

/** One right, as a SubjectAccessReview asks for it (authorization.k8s.io/v1, ResourceAttributes). */
export interface ResourceAttributes {
  namespace: string;
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  /** All objects where omitted: somebody who holds a right by name only does not hold that. */
  name?: string;
}

/**
 * The most questions that one grant may ask. Each is a request to the API server, of a millisecond or two where it has
 * nothing else to do and of a hundred where it has, and all of them have to be answered within the ten seconds that
 * admission has; eight rules of two resources, four verbs and four namespaces fit.
 */
export const MAX_QUESTIONS = 256;

/** Everything that the requester must be allowed, as far as it can be asked: what the envelope gives, and what is written for it. */
export function requesterMustHold(grant: Pick<TaskGrant, 'metadata' | 'spec'>): ResourceAttributes[] {
  return [...envelopeRights(grant), ...rightsBesides(grant)];
}

/** Whether all that the envelope gives can be asked about: of requester and grantor, and at the end, whether it is really gone. */
export function canBeAsked(grant: Pick<TaskGrant, 'spec'>): Violation[] {
  const count = combinationsIn(grant);
  return count > MAX_QUESTIONS ? [tooBroad(count)] : [];
}

/**
 * What the envelope gives at the API server, each combination once: namespace × group × resource × name × verb.
 *
 * A wildcard is asked as it is written. RBAC answers yes to `*` only for whom a rule with `*` covers
 * (k8s.io/component-helpers, auth/rbac/validation), which is the right question for a rule that will say `*`.
 */
export function envelopeRights(grant: Pick<TaskGrant, 'metadata' | 'spec'>): ResourceAttributes[] {
  if (combinationsIn(grant) > MAX_QUESTIONS) return [];
  return resourceRightsIn(envelopeRules(grant)).map(({ namespace = '', apiGroup, resource, ...right }) => ({
    namespace,
    group: apiGroup,
    ...resourceIn(resource),
    ...right,
  }));
}

/**
 * The verb `use` on the class, in each namespace that the grant reaches: a RoleBinding gives a class for grants in its namespace,
 * and who may do anything in one namespace must not have the class's rights in all of them by that.
 */
export function requesterMustUse(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  className: string,
): ResourceAttributes[] {
  return whereverItReaches(grant, 'use', className);
}

/** The verb `approve` on the class, asked as `use` is: who may approve in one namespace approves nothing that reaches others. */
export function approverMustHold(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  className: string,
): ResourceAttributes[] {
  return whereverItReaches(grant, 'approve', className);
}

function whereverItReaches(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  verb: 'use' | 'approve',
  className: string,
): ResourceAttributes[] {
  return namespacesReached(grant).map((namespace) => ({
    namespace,
    verb,
    group: GROUP,
    resource: 'taskgrantclasses',
    name: className,
  }));
}

/** The right in words: `get configmaps "tickets" in namespace support`. */
export function renderRight(attributes: ResourceAttributes): string {
  return render(rightOf(attributes));
}

function rightOf({ group, resource, subresource, ...right }: ResourceAttributes): ResourceRight {
  const kind = subresource === undefined ? resource : `${resource}/${subresource}`;
  return { ...right, apiGroup: group, resource: kind };
}

/** The entry of the envelope that gives the right, or what else of the envelope it takes the right for. */
export function pathOf(grant: Pick<TaskGrant, 'metadata' | 'spec'>, attributes: ResourceAttributes): string {
  const right = rightOf(attributes);
  const index = envelopeRules(grant).findIndex((rule) => covers([rule], right));
  return index < 0 ? 'spec.envelope.externalIdentity' : `spec.envelope.kubernetes[${index}]`;
}

/** The question as the API server takes it, about whoever admission recorded. */
export function accessReview(user: RequestedBy | UserInfo, resourceAttributes: object): SubjectAccessReview {
  const { username, uid, groups, extra } = user;
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: username ?? '',
      ...(uid !== undefined && { uid }),
      ...(groups && { groups }),
      ...(extra && { extra }),
      resourceAttributes,
    },
  };
}

/** What its Roles will say, each in its namespaces. */
export function envelopeRules({ metadata, spec }: Pick<TaskGrant, 'metadata' | 'spec'>): ScopedRule[] {
  return (spec.envelope.kubernetes ?? []).map(
    ({ namespaces = [metadata.namespace], apiGroups, resources, resourceNames, verbs }) => ({
      namespaces,
      apiGroups,
      resources,
      ...(resourceNames && { resourceNames }),
      verbs,
    }),
  );
}

/** What is written on the grant's account for other identity systems, only who may create accounts could have written. */
function rightsBesides({ metadata, spec }: Pick<TaskGrant, 'metadata' | 'spec'>): ResourceAttributes[] {
  if (Object.keys(spec.envelope.externalIdentity ?? {}).length === 0) return [];
  return [{ namespace: metadata.namespace, verb: 'create', group: '', resource: 'serviceaccounts' }];
}

/** `pods/log` is a resource and its subresource; only the first slash separates, as in a Role. */
function resourceIn(path: string): Pick<ResourceAttributes, 'resource' | 'subresource'> {
  const slash = path.indexOf('/');
  return slash < 0
    ? { resource: path }
    : { resource: path.slice(0, slash), subresource: path.slice(slash + 1) };
}

/** Counted before they are spelled out: the schema's maxima alone allow for millions. */
function combinationsIn({ spec }: Pick<TaskGrant, 'spec'>): number {
  return (spec.envelope.kubernetes ?? []).reduce(
    (sum, { namespaces, apiGroups, resources, resourceNames, verbs }) =>
      sum +
      (namespaces?.length ?? 1) *
        apiGroups.length *
        resources.length *
        (resourceNames?.length ?? 1) *
        verbs.length,
    0,
  );
}

function tooBroad(count: number): Violation {
  return {
    code: 'EnvelopeTooBroad',
    path: 'spec.envelope.kubernetes',
    asked: `${count} combinations of namespace, resource, name and verb`,
    allowed: String(MAX_QUESTIONS),
    fix: 'narrow the rules, or split the task into several grants',
  };
}

/** What the requester was asked about and does not hold, as violations of the envelope. */
export function beyondRequester(
  grant: Pick<TaskGrant, 'metadata' | 'spec'>,
  requester: string,
  lacking: readonly ResourceAttributes[],
): Violation[] {
  return lacking.map((right) => ({
    code: 'BeyondRequester',
    path: pathOf(grant, right),
    asked: renderRight(right),
    allowed: 'nothing that covers it',
    fix: `ask for less, or let somebody create the grant who holds it: ${requester} does not`,
  }));
}

/** The spec for a cache: who asked, with up to hundreds of groups, is asked of a new grant only. */
export function withoutRequester(spec: TaskGrantSpec): TaskGrantSpec {
  const kept = { ...spec };
  delete kept.requestedBy;
  return kept;
}
