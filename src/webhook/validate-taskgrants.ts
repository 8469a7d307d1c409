import { ENFORCE_LABEL, FINALIZER, isLevel } from '../api/group.ts';
import type { AdmissionRequest, UserInfo } from '../api/kubernetes.ts';
import { isFinal } from '../api/reasons.ts';
import { MOST_FINALIZERS, type TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { renderFindings } from '../core/decision/denial.ts';
import type { Violation } from '../core/decision/violation.ts';
import { needsApproval, notApprovedYet } from '../core/envelope/approval.ts';
import { classIsAccepted, classNotFound, grantWithinClass, type Standing } from '../core/envelope/class.ts';
import { conditionFaults, conditionPath, conditionsAreMet } from '../core/envelope/conditions.ts';
import { notCreatedByTask } from '../core/envelope/delegation.ts';
import { judgeGrantByItself } from '../core/envelope/grant-by-itself.ts';
import { beyondGrantor, grantorOf } from '../core/envelope/grantor.ts';
import { namespacesReached, noSuchNamespace } from '../core/envelope/reach.ts';
import {
  beyondRequester,
  canBeAsked,
  envelopeRights,
  requesterMustHold,
  requesterMustUse,
} from '../core/envelope/requester.ts';
import { rulesGivingNothing } from '../core/envelope/rule-spelling.ts';
import { unsupportedInGrant } from '../core/envelope/supported.ts';
import { changesOfDecision } from '../core/envelope/unchanged.ts';
import { satisfiesValidations } from '../core/envelope/validations.ts';
import { isApproval, judgeApproval } from './approve-taskgrants.ts';
import type { Asker, Facts } from './facts.ts';
import { labelsForConditions } from './pod-facts.ts';
import { isStampedFor, requestedBy } from './requester.ts';
import { grantIn, type Answer, type Reviewer } from './review.ts';

/** What is refused, where a new grant is. */
export const NOT_ACCEPTED = 'the TaskGrant cannot be accepted';
/** … and where a change of one is. */
export const NOT_CHANGED = 'the TaskGrant cannot be changed so';

/** Judges grants when they are created, and that they stay as they were decided on: the CRD's own rules say that too. */
export function createGrantValidator(facts: Facts): Reviewer {
  return async (request, { signal }) => {
    switch (request.operation) {
      case 'CREATE':
        return judgeCreation(request, signal, facts);
      case 'UPDATE':
        return judgeUpdate(request, signal, facts);
      case 'DELETE':
      case 'CONNECT':
        return { allowed: true };
    }
  };
}

async function judgeCreation(request: AdmissionRequest, signal: AbortSignal, facts: Facts): Promise<Answer> {
  const grant = grantIn(request.object);
  const namespace = request.namespace ?? '';
  const asker = { user: request.userInfo, namespace, signal };
  const violations = [
    ...stamped(request.userInfo, grant),
    ...notCreatedByTask(request.userInfo),
    ...judgeGrantByItself(grant, facts),
    ...fewFinalizers(grant),
    ...notApprovedYet(grant),
    ...(await withinClass(grant, asker, facts)),
    ...(await meetsItsConditions(grant, namespace, facts)),
  ];
  const audit = { grant: grant.metadata.name };
  if (violations.length > 0) return { allowed: false, headline: NOT_ACCEPTED, violations, audit };
  return {
    allowed: true,
    warnings: [
      ...(await warningsFor(namespace, facts)),
      ...rightsOfNobody(grant, facts),
      ...(await waitsForGrantor(grant, facts)),
      ...(await waitsForApproval(grant, facts)),
      ...renderFindings(rulesGivingNothing(grant)),
      ...(await reachesNowhere(grant, facts)),
    ],
    audit,
  };
}

async function judgeUpdate(request: AdmissionRequest, signal: AbortSignal, facts: Facts): Promise<Answer> {
  const [grant, before] = [grantIn(request.object), grantIn(request.oldObject)];
  const asker = { user: request.userInfo, namespace: request.namespace ?? '', signal };
  const known = new Set(unsupportedInGrant(before).map(({ path }) => path));
  const violations = [
    ...unsupportedInGrant(grant).filter(({ path }) => !known.has(path)),
    ...changesOfDecision(before, grant),
    ...finalizerStays(before, grant),
    ...fewFinalizers(grant, before),
    ...(isApproval(grant, before) ? await judgeApproval(grant, asker, facts) : []),
  ];
  const audit = { grant: grant.metadata.name };
  return violations.length > 0
    ? { allowed: false, headline: NOT_CHANGED, violations, audit }
    : { allowed: true, audit };
}

/** Without it a deletion would take the grant before its rights, and its receipt with it. */
function finalizerStays(before: TaskGrant, after: TaskGrant): Violation[] {
  const isHeld = ({ metadata }: TaskGrant) => metadata.finalizers?.includes(FINALIZER) ?? false;
  if (!isHeld(before) || isHeld(after) || isFinal(before.status?.phase)) return [];
  return [
    {
      code: 'FinalizerHeld',
      path: 'metadata.finalizers',
      asked: `without ${FINALIZER}`,
      allowed: `${FINALIZER} until everything is revoked`,
      fix: 'set spec.revoke or delete the TaskGrant: the finalizer is taken off when nothing is left',
    },
  ];
}

/** What does not compile is said as that. */
async function meetsItsConditions(grant: TaskGrant, namespace: string, facts: Facts): Promise<Violation[]> {
  if (conditionFaults(grant).length > 0) return [];
  const labels = await labelsForConditions(grant, namespace, facts);
  return conditionsAreMet({ grant, labels, now: facts.now() }, { action: 'grant' }, conditionPath);
}

/** Fewer than before is well, however many they still are. */
function fewFinalizers(grant: TaskGrant, before?: TaskGrant): Violation[] {
  const countOf = (object?: TaskGrant) => object?.metadata.finalizers?.length ?? 0;
  if (countOf(grant) <= Math.max(MOST_FINALIZERS, countOf(before))) return [];
  return [
    {
      code: 'TooManyFinalizers',
      path: 'metadata.finalizers',
      asked: String(countOf(grant)),
      allowed: String(MOST_FINALIZERS),
      fix: 'leave out those that nobody takes off',
    },
  ];
}

function stamped(user: UserInfo, { spec }: TaskGrant): Violation[] {
  if (isStampedFor(user, spec.requestedBy)) return [];
  return [
    {
      code: 'RequesterNotStamped',
      path: 'spec.requestedBy',
      asked: spec.requestedBy?.username ?? 'nobody',
      allowed: user.username ?? '',
      fix: 'leave it out; where it was, TaskGrant’s MutatingWebhookConfiguration is not in force',
    },
  ];
}

async function withinClass(grant: TaskGrant, asker: Asker, facts: Facts): Promise<Violation[]> {
  const { namespace } = asker;
  const { className } = grant.spec;
  if (className === undefined) return [classNotFound(className)];
  const { itsClass, violations } = await judgedByClass(grant, className, asker, facts);
  if (!itsClass) return violations;
  const uses = requesterMustUse(grant, className);
  const notThere = (await facts.access.denied(asker, uses)).map(({ namespace }) => namespace);
  // What a class says is for those who may use it; nor are hundreds of questions asked about somebody who may not.
  if (notThere.includes(namespace)) return [classNotAllowed(className, namespace)];
  return [
    ...notThere.map((place) => classNotAllowed(className, place)),
    ...violations,
    ...fewEnough(itsClass, namespace, facts),
    ...(await rightsAreHeld(grant, itsClass, asker, facts)),
  ];
}

/** By the caches; and where these say no, by what the API server says. */
async function judgedByClass(
  grant: TaskGrant,
  className: string,
  { namespace, user }: Asker,
  { classes, namespaces, apiAudiences }: Facts,
): Promise<{ itsClass: TaskGrantClass | undefined; violations: Violation[] }> {
  const judge = (itsClass: TaskGrantClass | undefined, labels: Standing['labels']) => ({
    itsClass,
    violations: itsClass
      ? [
          ...classIsAccepted(itsClass),
          ...grantWithinClass(grant, itsClass, { labels, apiAudiences }),
          ...satisfiesValidations(grant, itsClass, { requester: requestedBy(user), labels }),
        ]
      : [classNotFound(className)],
  });
  const byCaches = judge(await classes.get(className), await namespaces.labels(namespace));
  if (byCaches.violations.length === 0) return byCaches;
  const [itsClass, labels] = await Promise.all([
    classes.current(className),
    namespaces.currentLabels(namespace),
  ]);
  return judge(itsClass, labels);
}

function classNotAllowed(name: string, namespace: string): Violation {
  return {
    code: 'ClassNotAllowed',
    path: 'spec.className',
    asked: `${name} in namespace ${namespace}`,
    allowed: 'classes on which you have the verb use there',
    fix: `have the verb use on taskgrantclasses granted to you in namespace ${namespace}, with the resourceName ${name}`,
  };
}

function fewEnough({ metadata, spec }: TaskGrantClass, namespace: string, { grants }: Facts): Violation[] {
  const most = spec.limits?.maxActivePerNamespace;
  const unfinished = most === undefined ? 0 : grants.countUnfinished(namespace, metadata.name);
  if (most === undefined || unfinished < most) return [];
  return [
    {
      code: 'TooManyGrants',
      path: 'metadata.namespace',
      asked: `unfinished grant ${unfinished + 1} of class ${metadata.name}`,
      allowed: `${most} in a namespace`,
      fix: 'wait until one has finished, or revoke one',
    },
  ];
}

/** Of the grantor always; and of the requester, where the class hands nobody more than they have. */
async function rightsAreHeld(
  grant: TaskGrant,
  itsClass: TaskGrantClass,
  asker: Asker,
  { access }: Facts,
): Promise<Violation[]> {
  const tooBroad = canBeAsked(grant);
  if (tooBroad.length > 0) return tooBroad;
  const requesterMust = itsClass.spec.authorization === 'RequesterHolds' ? requesterMustHold(grant) : [];
  const [beyondCeiling, notTheirs] = await Promise.all([
    access.denied({ ...asker, user: grantorOf(itsClass) }, envelopeRights(grant)),
    access.denied(asker, requesterMust),
  ]);
  return [
    ...beyondGrantor(grant, itsClass, beyondCeiling),
    ...beyondRequester(grant, asker.user.username ?? '', notTheirs),
  ];
}

/** The API server is asked about each, and of many warnings it cuts the last. */
const MOST_LOOKED_FOR = 10;

/** Whoever is told of it may use the class there. Nobody is refused because it cannot be looked at. */
async function reachesNowhere(grant: TaskGrant, { namespaces }: Facts): Promise<string[]> {
  const [, ...others] = namespacesReached(grant);
  const looked = others.slice(0, MOST_LOOKED_FOR);
  const found = await Promise.allSettled(looked.map((name) => namespaces.labels(name)));
  const isNowhere = (one: (typeof found)[number] | undefined) =>
    one?.status === 'fulfilled' && one.value === undefined;
  return looked.filter((_, index) => isNowhere(found[index])).map(noSuchNamespace);
}

/** Rights in the API are used with a token for it, which a pod has only where the envelope says so. */
function rightsOfNobody({ spec: { envelope } }: TaskGrant, { apiAudiences }: Facts): string[] {
  const isForTheApi = (audience: string | undefined) =>
    audience === undefined || apiAudiences.includes(audience);
  const hasToken = envelope.tokens?.some(({ audience }) => isForTheApi(audience)) ?? false;
  return (envelope.kubernetes ?? []).length === 0 || hasToken
    ? []
    : [
        'envelope.kubernetes gives rights that no pod can use: envelope.tokens has no token for the API server',
      ];
}

/**
 * As the controller found it; somebody may be about to mend it, so that this is no reason to refuse. Where there are no rights in
 * the API, nothing is written as the grantor, and nothing waits. The remedy stands by itself: kubectl cuts a warning at 256 characters.
 */
async function waitsForGrantor(grant: TaskGrant, { classes }: Facts): Promise<string[]> {
  if ((grant.spec.envelope.kubernetes ?? []).length === 0) return [];
  const itsClass = await classes.get(grant.spec.className ?? '');
  const usable = itsClass?.status?.conditions?.find(({ type }) => type === 'GrantorUsable');
  return usable?.status === 'False'
    ? ['the TaskGrant stays Pending until its class can be used:', usable.message]
    : [];
}

/** Its author is who has to ask somebody. */
async function waitsForApproval(grant: TaskGrant, { classes }: Facts): Promise<string[]> {
  const itsClass = await classes.get(grant.spec.className ?? '');
  if (!itsClass || !needsApproval(grant, itsClass)) return [];
  const { name, namespace } = grant.metadata;
  return [
    `the TaskGrant waits until somebody approves it who may approve class ${itsClass.metadata.name}:`,
    `kubectl taskgrant approve ${name} -n ${namespace} --reason …`,
  ];
}

/** A grant may be created before its namespace is enforced, and stays Pending until then. */
async function warningsFor(namespace: string, { namespaces }: Facts): Promise<string[]> {
  const level = await namespaces.level(namespace, ENFORCE_LABEL);
  if (isLevel(level)) return [];
  const overwrite = level === undefined ? '' : ' --overwrite';
  return [
    level === undefined
      ? 'the TaskGrant stays Pending until pods are judged in its namespace:'
      : `the TaskGrant stays Pending: ${level} is no level (granted, required):`,
    `kubectl label ns ${namespace} ${ENFORCE_LABEL}=granted${overwrite}`,
  ];
}
