/** Judges what stands in files as admission would. */
import {
  AUDIT_LABEL,
  DEFAULT_CLASS_ANNOTATION,
  ENFORCE_LABEL,
  GRANT_LABEL,
  GROUP,
  isLevel,
  LEVELS,
  WARN_LABEL,
  type Level,
} from '../api/group.ts';
import type { KubernetesObject, ObjectMeta, Pod, Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { inOrder } from '../core/decision/denial.ts';
import type { Violation } from '../core/decision/violation.ts';
import { needsApproval, notApprovedYet } from '../core/envelope/approval.ts';
import { judgeClassByItself } from '../core/envelope/class-by-itself.ts';
import { classIsAccepted, classNotFound, grantAnywhereWithinClass } from '../core/envelope/class.ts';
import {
  conditionFaults,
  conditionPath,
  conditionsAreMet,
  type Decided,
  hasConditions,
  withoutConditionsOn,
  withoutConditionsOnTime,
} from '../core/envelope/conditions.ts';
import { judgeGrantByItself } from '../core/envelope/grant-by-itself.ts';
import { grantNameOf, grantNotFound } from '../core/envelope/judge-pod.ts';
import { previewPod } from '../core/envelope/preview.ts';
import { namespacesReached, noSuchNamespace } from '../core/envelope/reach.ts';
import { envelopeRules } from '../core/envelope/requester.ts';
import { namespaceIsSelected } from '../core/envelope/selected-namespace.ts';
import { rulesGivingNothing } from '../core/envelope/rule-spelling.ts';
import { hasValidations, satisfiesValidations, withoutValidationsOn } from '../core/envelope/validations.ts';
import type { ExternalKeys } from '../core/identity/external-identity.ts';
import { NO_ANNOTATION, NO_OTHER_LABEL, NOT_ON_THE_TEMPLATE } from '../core/floor/labels.ts';
import { shapeFaults } from '../core/identity/shape.ts';
import { readPod } from '../core/identity/reading.ts';
import { NO_SURROUNDINGS, surroundingsOf } from '../core/identity/surroundings.ts';
import { podOf, WORKLOAD_KINDS, type TemplatedPod } from '../core/identity/workload.ts';
import { markedAsDefault } from '../core/marked-default.ts';
import { namespaces, taskGrantClasses, taskGrants } from '../kube/resources.ts';
import type { Finding } from './finding.ts';
import { knownKind, misspelt, type ShapeFault } from './kinds.ts';
import { startOf, type Manifest } from './manifests.ts';
import { messageOf, type Problem } from './problem.ts';
import { tooMuchFor } from './pod-count.ts';
import { fieldsOf, parseClass, parseGrant } from './schema-faults.ts';
import { defaultAccountIn, levelsIn, lookupsIn, type Levels, type Objects } from './surroundings.ts';

export interface JudgeOptions {
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
  /** By what other identity systems go. */
  externalKeys: ExternalKeys;
  /** The level of namespaces that are nowhere. */
  level: Level;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What is judged by: the files' objects and, where there is one to ask, the cluster's. */
export interface World extends JudgeOptions {
  objects: Objects;
  /** Whether what is not there is nowhere. */
  isWhole: boolean;
  /** Told once of whatever a reader of the findings has to know besides. */
  note: (text: string) => void;
}

export interface Judgement {
  findings: Finding[];
  problems: Problem[];
}

/** Everything in the files that is judged: grants, pods and what makes pods, as at admission, and classes by themselves. */
export async function judgeAll(manifests: readonly Manifest[], world: World): Promise<Judgement> {
  const findings: Finding[] = [];
  const problems: Problem[] = [];
  for (const manifest of manifests.filter(({ object }) => knownKind(object))) {
    const judged = await judge(manifest, world);
    if ('faults' in judged) problems.push(...problemsOf(manifest, judged.faults));
    else if (judged.violations) {
      const { violations, warnings = [] } = judged;
      findings.push({ manifest, violations: inOrder(violations), warnings: inOrder(warnings) });
    }
  }
  return { findings, problems };
}

/** No violations where the object is of a kind that is only referred to. */
type Judged = { faults: ShapeFault[] } | { violations: Violation[] | undefined; warnings?: Violation[] };

async function judge({ object }: Manifest, world: World): Promise<Judged> {
  switch (object.kind) {
    case 'TaskGrant': {
      const grant = parseGrant(object, world.now);
      return 'faults' in grant ? grant : judgeGrantIn(grant.object, world);
    }
    case 'TaskGrantClass': {
      const itsClass = parseClass(object, world.now);
      return 'faults' in itsClass ? itsClass : { violations: judgeClassByItself(itsClass.object) };
    }
    case 'Namespace':
      noteLevels(object, world);
      return { violations: undefined };
    default:
      return judgeWorkload(object, world);
  }
}

function noteLevels({ metadata }: KubernetesObject, { note }: World): void {
  for (const label of [ENFORCE_LABEL, WARN_LABEL, AUDIT_LABEL]) {
    const level = metadata.labels?.[label];
    if (level !== undefined && !isLevel(level))
      note(
        `Namespace ${metadata.name ?? ''}: ${label}: ${level} is no level, and counts as required: write ${LEVELS.join(' or ')}`,
      );
  }
}

/** As admission does when a grant is created, but for what it asks about who creates it. */
async function judgeGrantIn(grant: Stored<TaskGrant>, world: World): Promise<Judged> {
  await noteNamespaces(grant, world);
  return {
    violations: [
      ...judgeGrantByItself(grant, world),
      // What `kubectl get` shows was there already when it was approved.
      ...(grant.metadata.uid ? [] : notApprovedYet(grant)),
      ...(await withinItsClass(grant, world)),
      ...(await meetsItsConditions(grant, world)),
    ],
    warnings: rulesGivingNothing(grant),
  };
}

/** Where there is a cluster to look for them in. Not everybody who writes grants may see the namespaces that these reach. */
async function noteNamespaces(grant: TaskGrant, { objects, isWhole, note }: World): Promise<void> {
  if (!isWhole) return;
  const [, ...others] = namespacesReached(grant);
  for (const name of others) {
    try {
      if (!(await objects.get(namespaces, { name })))
        note(`of TaskGrant ${grant.metadata.name}: ${noSuchNamespace(name)}`);
    } catch (error) {
      note(
        `of TaskGrant ${grant.metadata.name} it is not looked at whether there is a namespace ${name}: ${messageOf(error)}`,
      );
    }
  }
}

/** A class that is not in the files bounds nothing here, where there is no cluster to look for it in. */
async function withinItsClass(grant: TaskGrant, world: World): Promise<Violation[]> {
  const { objects, isWhole, apiAudiences, now, note } = world;
  const { className } = grant.spec;
  const found =
    className === undefined
      ? markedAsDefault(await objects.list(taskGrantClasses), [DEFAULT_CLASS_ANNOTATION])
      : await objects.get(taskGrantClasses, { name: className });
  if (!found && isWhole) return [classNotFound(className)];
  if (!found) {
    const missing = className === undefined ? 'default TaskGrantClass' : `TaskGrantClass ${className}`;
    note(`there is no ${missing} in the files: its limits are not looked at`);
    return [];
  }
  const itsClass = parseClass(found, now);
  if ('faults' in itsClass) {
    note(
      `TaskGrant ${grant.metadata.name} is judged without its TaskGrantClass ${found.metadata.name}, which is malformed; correct that first`,
    );
    return [];
  }
  if (grant.spec.approval === undefined && needsApproval(grant, itsClass.object))
    note(
      `TaskGrant ${grant.metadata.name} will wait until somebody approves it: class ${itsClass.object.metadata.name} asks for that from risk ${itsClass.object.spec.approval?.requiredAtRisk ?? ''} on`,
    );
  if (envelopeRules(grant).length > 0)
    note(
      `what the grantor of TaskGrantClass ${itsClass.object.metadata.name} holds is not looked at: rules of a grant that go beyond it are refused`,
    );
  return [
    ...classIsAccepted(itsClass.object),
    ...grantAnywhereWithinClass(grant, itsClass.object, apiAudiences),
    ...(await selectedIn(grant, itsClass.object, world)),
    ...(await satisfiesItsClass(grant, itsClass.object, world)),
  ];
}

/** Whoever is to create it nobody knows here; the grant that is there says who has. */
async function satisfiesItsClass(
  grant: TaskGrant,
  itsClass: TaskGrantClass,
  world: World,
): Promise<Violation[]> {
  if (!hasValidations(itsClass)) return [];
  const { labels, unknown } = await standingOf(grant, world);
  const { itsClass: known, leftOut } = withoutValidationsOn(unknown, itsClass);
  if (leftOut.length > 0)
    world.note(
      `of TaskGrant ${grant.metadata.name} cannot be told without ${unknown.join(' and ')}: ${leftOut.join(', ')} of class ${itsClass.metadata.name}`,
    );
  const { requestedBy: requester } = grant.spec;
  return satisfiesValidations(grant, known, { requester, labels });
}

/** As of now, when it is created. */
async function meetsItsConditions(grant: TaskGrant, world: World): Promise<Violation[]> {
  if (!hasConditions(grant) || conditionFaults(grant).length > 0) return [];
  const { labels } = await standingOf(grant, world);
  const judged = await withKnownConditions(grant, { action: 'grant' }, world);
  return conditionsAreMet({ grant: judged, labels, now: world.now }, { action: 'grant' }, conditionPath);
}

async function withKnownConditions<Grant extends TaskGrant>(
  grant: Grant,
  decided: Decided,
  world: World,
): Promise<Grant> {
  if (!hasConditions(grant)) return grant;
  const { labels, unknown } = await standingOf(grant, world);
  const { grant: known, leftOut } = withoutConditionsOn(unknown, grant);
  if (leftOut.length > 0)
    world.note(
      `of TaskGrant ${grant.metadata.name} cannot be told without ${unknown.join(' and ')}: condition ${leftOut.join(', ')}`,
    );
  const timeless = withoutConditionsOnTime({ grant: known, labels, now: world.now }, decided);
  if (timeless.leftOut.length > 0)
    world.note(
      `of TaskGrant ${grant.metadata.name} hangs on the moment: condition ${timeless.leftOut.join(', ')}`,
    );
  return timeless.grant;
}

/** The labels of the grant's namespace, and the variables that nobody knows here. */
async function standingOf(
  { metadata, spec }: TaskGrant,
  { objects }: Pick<World, 'objects'>,
): Promise<{ labels: Record<string, string> | undefined; unknown: string[] }> {
  const namespace = await objects.get(namespaces, { name: metadata.namespace });
  return {
    labels: namespace && (namespace.metadata.labels ?? {}),
    unknown: [...(spec.requestedBy ? [] : ['requester']), ...(namespace ? [] : ['namespaceObject'])],
  };
}

/** Of a namespace that is nowhere, nobody knows its labels. */
async function selectedIn(
  grant: TaskGrant,
  itsClass: TaskGrantClass,
  { objects, note }: World,
): Promise<Violation[]> {
  const { namespace } = grant.metadata;
  const found = await objects.get(namespaces, { name: namespace });
  if (found) return namespaceIsSelected(grant, itsClass, found.metadata.labels);
  if (itsClass.spec.namespaceSelector)
    note(
      `there is no namespace ${namespace}: whether class ${itsClass.metadata.name} selects it is not looked at`,
    );
  return [];
}

async function judgeWorkload(object: KubernetesObject, world: World): Promise<Judged> {
  const found = podOf(object);
  if (!found) return withoutTemplate(object);
  const { pod, prefix } = found;
  const malformed = malformedIn(found);
  if (malformed.length > 0) return { faults: malformed };
  const preview = await previewIn(pod, object.metadata.namespace ?? '', world);
  if ('faults' in preview) return preview;
  await noteTooMuch(object, pod, world);
  noteLabels(object, pod, world);
  const placed = (found: readonly Violation[]) =>
    found.map((violation) => ({ ...violation, path: prefix + violation.path }));
  return { violations: placed(preview.violations), warnings: placed(preview.warnings) };
}

/** What admission does not refuse, and the grant is not enough for all the same. */
async function noteTooMuch(object: KubernetesObject, pod: Pod, world: World): Promise<void> {
  const { namespace = '', name = '' } = object.metadata;
  const grantName = grantNameOf(pod);
  const grant = grantName === undefined ? undefined : await grantIn(grantName, namespace, world);
  if (!grant || 'faults' in grant) return;
  for (const words of tooMuchFor(grant.object, object)) world.note(`${object.kind} ${name}: ${words}`);
}

/** What the floor warns of: see core/floor/labels.ts. */
function noteLabels(object: KubernetesObject, pod: Pod, { note }: World): void {
  const { kind, metadata } = object;
  const ofPod = Object.keys(pod.metadata.labels ?? {});
  const others = ofPod.filter((key) => key.startsWith(`${GROUP}/`) && key !== GRANT_LABEL);
  const said = `${kind} ${metadata.name ?? ''}`;
  for (const key of others) note(`${said}: label ${key}: ${NO_OTHER_LABEL}`);
  if (pod.metadata.annotations?.[GRANT_LABEL] !== undefined) note(`${said}: ${NO_ANNOTATION}`);
  const ofJobs = (object as { spec?: { jobTemplate?: { metadata?: ObjectMeta } } }).spec?.jobTemplate
    ?.metadata;
  const isElsewhere = [metadata, ofJobs].some((one) => one?.labels?.[GRANT_LABEL] !== undefined);
  if (isElsewhere && !ofPod.includes(GRANT_LABEL)) note(`${said}: ${NOT_ON_THE_TEMPLATE}`);
}

function withoutTemplate({ kind }: KubernetesObject): Judged {
  if (!WORKLOAD_KINDS.includes(kind)) return { violations: undefined };
  return { faults: [{ path: 'spec', message: `a ${kind} without a template for its pods: give it one` }] };
}

/** What the API server would not even read. A field that it does not know is another matter, unless it is misspelt: a newer one may. */
export function malformedIn({ pod, prefix }: TemplatedPod): ShapeFault[] {
  return shapeFaults(pod).flatMap(({ kind, path, expected, of, found }) => {
    const at = prefix + path;
    if (kind === 'WrongType') return [{ path: at, message: `must be ${expected}, not ${found}` }];
    const message = misspelt(found, fieldsOf(of));
    return message === undefined ? [] : [{ path: at, message }];
  });
}

async function previewIn(
  pod: TemplatedPod['pod'],
  namespace: string,
  world: World,
): Promise<{ faults: ShapeFault[] } | { violations: Violation[]; warnings: Violation[] }> {
  const name = grantNameOf(pod);
  const grant = name === undefined ? undefined : await grantIn(name, namespace, world);
  if (grant && 'faults' in grant) return { faults: [{ path: '', message: malformedGrant(name ?? '') }] };
  const at = async (level: Level | undefined): Promise<Violation[]> => {
    if (level === undefined) return [];
    if (name !== undefined && !grant) return grantNotFound(name).map((one) => notGiven(one, world));
    const known = grant && (await withKnownConditions(grant.object, { action: 'admit', pod }, world));
    return previewUnder(pod, namespace, known, level, world);
  };
  const levels = (await levelsIn(world.objects, namespace)) ?? assumedLevels(pod, namespace, world);
  if (levels.refused === undefined)
    world.note(`namespace ${namespace} has no label ${ENFORCE_LABEL}: no pod is refused there`);
  const violations = await at(levels.refused);
  const refused = new Set(violations.map(({ code, path }) => `${code} ${path}`));
  const reported = levels.reported === levels.refused ? [] : await at(levels.reported);
  return { violations, warnings: reported.filter(({ code, path }) => !refused.has(`${code} ${path}`)) };
}

/** Of a namespace that is nowhere. Its labels may say another level, which is one and the same to a pod with a grant. */
function assumedLevels(pod: Pod, namespace: string, { level, isWhole, note }: World): Levels {
  if (grantNameOf(pod) === undefined && level !== 'required') {
    const [where, otherwise] = isWhole ? ['', ''] : [' in the files', ', or ask the cluster with --server'];
    note(
      `there is no namespace ${namespace}${where}: its level counts as ${level}; say another with --level${otherwise}`,
    );
  }
  return { refused: level, reported: undefined };
}

/** Everything that will be wrong with a pod of the namespace under the grant; or under none, where its references matter only at level required. */
export async function previewUnder(
  pod: Pod,
  namespace: string,
  grant: Stored<TaskGrant> | undefined,
  level: Level,
  { objects, apiAudiences, externalKeys, now, note }: World,
): Promise<Violation[]> {
  const namespaceLabels =
    grant && hasConditions(grant) ? (await standingOf(grant, { objects })).labels : undefined;
  const isRequired = !grant && level === 'required';
  const required = isRequired ? await defaultAccountIn(objects, namespace) : undefined;
  const isJudged = grant !== undefined || required !== undefined;
  const reading = readPod(pod);
  const surroundings = isJudged
    ? await surroundingsOf(reading, lookupsIn(objects, namespace, note))
    : NO_SURROUNDINGS;
  const identity = { surroundings, externalKeys };
  return previewPod({ pod, reading, grant, required, identity, namespaceLabels, apiAudiences, now });
}

async function grantIn(name: string, namespace: string, { objects, now }: World) {
  const found = await objects.get(taskGrants, { namespace, name });
  return found && parseGrant(found, now);
}

function malformedGrant(name: string): string {
  return `cannot be judged: TaskGrant ${name} is malformed; correct that first`;
}

function notGiven(violation: Violation, { isWhole }: World): Violation {
  if (isWhole) return violation;
  return {
    ...violation,
    allowed: 'no such TaskGrant in the files',
    fix: 'give its file with -f as well, or look in the cluster with --server; otherwise create it, or correct the label',
  };
}

export function problemsOf({ file, regionOf }: Manifest, faults: readonly ShapeFault[]): Problem[] {
  return faults.map(({ path, message }) => ({
    file,
    ...startOf(regionOf(path)),
    message: path === '' ? message : `${path}: ${message}`,
  }));
}
