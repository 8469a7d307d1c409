/** A pod as its author and everybody's mutators left it, against the envelope of its grant. */
import { GRANT_LABEL, SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { enforcementProbeRefusal, isEnforcementProbe } from '../decision/probe.ts';
import { MOST_VIOLATIONS, type Violation } from '../decision/violation.ts';
import type { RequestChange } from '../identity/identity-requests.ts';
import type { IdentityRequest, RequestKind } from '../identity/request.ts';
import { labelOf } from '../record.ts';
import { certificateWithinEnvelope } from './certificates.ts';
import { conditionsAreMet } from './conditions.ts';
import {
  everythingResolves,
  execIsAllowed,
  nothingOfTheNode,
  nothingUnjudged,
  unjudged,
  tokensInPlace,
  trustBundlesArePublic,
} from './containment.ts';
import { deviceIsGranted } from './devices.ts';
import { driverInEnvelope, driverTokenWithinEnvelope } from './drivers.ts';
import { externalIdentityInEnvelope } from './external-identity.ts';
import { grantIsActive, grantIsNotExpired, LABEL_PATH, podsAreLeft } from './grant-in-force.ts';
import { imageIsGranted, processesOfOneImage } from './images.ts';
import { identityWithoutGrant, type DefaultAccount } from './required.ts';
import type { AdmissionFacts, GrantFacts, GrantRule, RequestRule } from './rule.ts';
import { secretInEnvelope } from './secrets.ts';
import { nothingIsAutomounted, serviceAccountIsTheGrants } from './service-account.ts';
import { tokenWithinEnvelope } from './tokens.ts';

/** One rule for each kind of request: a kind without one would be a type error. */
const REQUEST_RULES: { readonly [Kind in RequestKind]: RequestRule<Kind> } = {
  ServiceAccount: serviceAccountIsTheGrants,
  Automount: nothingIsAutomounted,
  Token: tokenWithinEnvelope,
  DriverToken: driverTokenWithinEnvelope,
  Certificate: certificateWithinEnvelope,
  TrustBundle: trustBundlesArePublic,
  Secret: secretInEnvelope,
  CsiDriver: driverInEnvelope,
  Device: deviceIsGranted,
  ExternalIdentity: externalIdentityInEnvelope,
  Image: imageIsGranted,
  EphemeralContainer: execIsAllowed,
  SharedProcesses: processesOfOneImage,
  TokenShadow: tokensInPlace,
  NodeAccess: nothingOfTheNode,
  Unresolved: everythingResolves,
  Unjudged: nothingUnjudged,
};

/** Whether anything may be had under the grant. */
const IN_FORCE: readonly GrantRule[] = [grantIsActive, grantIsNotExpired];

/** Whether the grant takes another pod. */
const TAKES_A_POD: readonly GrantRule[] = [...IN_FORCE, podsAreLeft];

export interface PodFacts extends Omit<AdmissionFacts, 'grant'> {
  /** The object as it would be stored. */
  pod: Pod;
  /** The grant of the pod's namespace that its label names, where there is one. */
  grant: Stored<TaskGrant> | undefined;
  /** Where every pod needs a grant or has no identity: the `default` account of the namespace. Undefined elsewhere. */
  required: DefaultAccount | undefined;
  /** What the pod asks for. */
  requests: readonly IdentityRequest[];
  /** Of its namespace, by which conditions of its grant are judged; undefined where they are not known. */
  namespaceLabels: Readonly<Record<string, string>> | undefined;
}

export interface PodUpdateFacts extends Omit<PodFacts, 'requests'> {
  oldPod: Pod;
  change: RequestChange;
}

/** The grant that a pod says it runs under. */
export function grantNameOf(pod: Pick<Pod, 'metadata'>): string | undefined {
  return labelOf(pod, GRANT_LABEL);
}

/** Why no identity can be handed out under the grant that a pod names, whatever the pod asks for. */
export function judgeGrant(
  name: string,
  { grant, ...facts }: Pick<PodFacts, 'grant' | 'apiAudiences' | 'now'>,
): Violation[] {
  if (!grant) return grantNotFound(name);
  return IN_FORCE.flatMap((rule) => [...rule({ grant, podsUsed: 0, ...facts })]);
}

/** Everything that is wrong with a new pod. */
export function judgeNewPod({ pod, grant, required, requests, ...facts }: PodFacts): Violation[] {
  if (isEnforcementProbe(pod)) return [enforcementProbeRefusal()];
  const name = grantNameOf(pod);
  if (name === undefined) return judgeUngranted(requests, required);
  if (!grant) return grantNotFound(name);
  return [
    ...TAKES_A_POD.flatMap((rule) => [...rule({ grant, ...facts })]),
    ...conditionsOf(grant, pod, facts),
    ...judgeRequests(requests, { grant, apiAudiences: facts.apiAudiences }),
  ];
}

/**
 * Everything that is wrong with a change to a pod. What was admitted is not judged again: an update that adds nothing
 * passes, also after the grant's end, or a finished pod's finalizers could never be removed.
 */
export function judgePodUpdate({
  oldPod,
  pod,
  grant,
  required,
  change: { asked, added },
  ...facts
}: PodUpdateFacts): Violation[] {
  const name = grantNameOf(pod);
  const before = grantNameOf(oldPod);
  const violations = name === before ? [] : [labelChanged(before, name)];
  if (added.length === 0) return violations;
  if (before === undefined) {
    // Whatever the account already was: it may not be widened without a grant to judge by.
    const accounts = asked.filter(({ kind }) => kind === 'ServiceAccount');
    return [...violations, ...judgeUngranted([...accounts, ...added], required)];
  }
  if (!grant) return [...violations, ...grantNotFound(before)];

  const imagesBefore = new Map(
    asked.flatMap(({ kind, value, path }) => (kind === 'Image' ? [[path, value]] : [])),
  );
  const changedImages = added.flatMap(({ kind, value, path }) => {
    const image = kind === 'Image' ? imagesBefore.get(path) : undefined;
    return kind === 'Image' && image !== undefined ? [imageChanged(path, image, value)] : [];
  });
  const others = added.filter(({ kind, path }) => kind !== 'Image' || !imagesBefore.has(path));
  if (others.length === 0) return [...violations, ...changedImages];
  return [
    ...violations,
    ...changedImages,
    ...IN_FORCE.flatMap((rule) => [...rule({ grant, ...facts })]),
    ...conditionsOf(grant, pod, facts),
    ...judgeRequests(others, { grant, apiAudiences: facts.apiAudiences }),
  ];
}

function conditionsOf(
  grant: Stored<TaskGrant>,
  pod: Pod,
  { namespaceLabels: labels, now }: Pick<PodFacts, 'namespaceLabels' | 'now'>,
): Violation[] {
  return conditionsAreMet({ grant, labels, now }, { action: 'admit', pod }, LABEL_PATH);
}

function judgeUngranted(
  requests: readonly IdentityRequest[],
  required: DefaultAccount | undefined,
): Violation[] {
  const reserved = [...requests.flatMap(reservedAccount), ...unreadable(requests)];
  if (!required) return reserved;
  const places = new Set(reserved.map(({ path }) => path));
  return [...reserved, ...identityWithoutGrant(requests, required).filter(({ path }) => !places.has(path))];
}

/** Ends where nobody reads on. */
function judgeRequests(requests: readonly IdentityRequest[], facts: GrantFacts): Violation[] {
  const violations: Violation[] = [];
  for (const request of requests) {
    for (const violation of judge(request, facts)) {
      violations.push(violation);
      if (violations.length === MOST_VIOLATIONS) return violations;
    }
  }
  return violations;
}

function judge<Kind extends RequestKind>(
  request: IdentityRequest<Kind>,
  facts: GrantFacts,
): Iterable<Violation> {
  const rule: RequestRule<Kind> = REQUEST_RULES[request.kind];
  return rule(request, facts);
}

/** Every pod that can be read has an account. Whether one that cannot has a grant's, nobody can tell. */
function unreadable(requests: readonly IdentityRequest[]): Violation[] {
  if (requests.some(({ kind }) => kind === 'ServiceAccount')) return [];
  return requests.flatMap((request) => (request.kind === 'Unjudged' ? [unjudged(request)] : []));
}

/** A grant's account without the grant's label: nobody would judge, count or end the pod. */
function reservedAccount(request: IdentityRequest): Violation[] {
  if (request.kind !== 'ServiceAccount' || !request.value.startsWith(SERVICE_ACCOUNT_PREFIX)) return [];
  return [
    {
      code: 'GrantLabelMissing',
      path: request.path,
      asked: request.value,
      allowed: `accounts whose name does not begin with ${SERVICE_ACCOUNT_PREFIX}`,
      fix: `label the pod ${GRANT_LABEL}: <name of its TaskGrant>, and leave serviceAccountName out`,
    },
  ];
}

/** Why nothing can be had under a grant that is not there. */
export function grantNotFound(name: string): Violation[] {
  return [
    {
      code: 'GrantNotFound',
      path: LABEL_PATH,
      asked: name,
      allowed: 'no such TaskGrant',
      fix: 'create the TaskGrant in the pod’s namespace first, or correct the label',
    },
  ];
}

function labelChanged(before: string | undefined, after: string | undefined): Violation {
  return {
    code: 'GrantLabelImmutable',
    path: LABEL_PATH,
    asked: after ?? 'no label',
    allowed: before ?? 'no label',
    fix: 'create a new pod with the label: a pod stays under the grant that it was created with',
  };
}

function imageChanged(path: string, before: string, after: string): Violation {
  return {
    code: 'ImageChanged',
    path,
    asked: after,
    allowed: before,
    fix: 'create a new pod: the image of a running task cannot be changed',
  };
}
