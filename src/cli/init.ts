/** `kubectl taskgrant init` */
import { Document, isMap, isScalar } from 'yaml';
import { GRANT_LABEL, MAX_GRANT_NAME_LENGTH } from '../api/group.ts';
import type { Pod } from '../api/kubernetes.ts';
import { MOST_PODS } from '../api/taskgrant.ts';
import { inOrder, quoted, renderViolation } from '../core/decision/denial.ts';
import type { Violation } from '../core/decision/violation.ts';
import { grantNameOf } from '../core/envelope/judge-pod.ts';
import { identityRequestsOf } from '../core/identity/identity-requests.ts';
import { readPod } from '../core/identity/reading.ts';
import { surroundingsOf } from '../core/identity/surroundings.ts';
import { podOf, type TemplatedPod } from '../core/identity/workload.ts';
import { withoutBuiltInToken } from '../core/injection/built-in.ts';
import type { Outcome } from './check.ts';
import { nameOf, titleOf } from './finding.ts';
import { namespaceNote, withInput, type InputFlags, type Surroundings } from './input.ts';
import { malformedIn, previewUnder, type World } from './judge.ts';
import { knownKind } from './kinds.ts';
import type { Manifest } from './manifests.ts';
import { podCountOf } from './pod-count.ts';
import { CannotRun, renderNote, renderProblem } from './problem.ts';
import { parseGrant } from './schema-faults.ts';
import { smallestGrant, type AuthoredGrant } from './smallest-grant.ts';
import { lookupsIn } from './surroundings.ts';

export interface InitFlags extends InputFlags {
  name?: string;
  duration: string;
}

/** @throws CannotRun where there is not one workload, or it is none of which a grant could be written */
export async function init(flags: InitFlags, surroundings: Surroundings): Promise<Outcome> {
  return withInput(
    { ...flags, level: 'granted' },
    surroundings,
    async ({ manifests, problems, notes, world }) => {
      const { manifest, found } = theWorkload(manifests, problems.map(renderProblem));
      const name = flags.name ?? grantNameOf(found.pod) ?? grantNameFor(nameOf(manifest.object));
      if (name.length > MAX_GRANT_NAME_LENGTH)
        throw new CannotRun(
          `no TaskGrant has a name of more than ${MAX_GRANT_NAME_LENGTH} characters, and ${quoted(name)} has ${name.length}: give a shorter one, in ${GRANT_LABEL} as well`,
        );
      const isOpen = manifest.inDefaultNamespace && flags.namespace === undefined;
      const written = await grantFor(manifest, found, { ...flags, name, isOpen }, world);
      const refusals = written.refusals.map(
        (violation) =>
          `${quoted(manifest.file)}:${manifest.regionOf(violation.path).line}  ${renderViolation(violation)}`,
      );
      return {
        stdout: renderGrant(written.grant),
        stderr: [
          ...problems.map(renderProblem),
          ...(refusals.length > 0 ? ['This cannot be granted:', ...refusals] : []),
          ...[...notes, ...notesFor(manifest, found, name)].map(renderNote),
          ...(isOpen ? [renderNote(namespaceNote([manifest], undefined) ?? '')] : []),
        ],
        code: problems.length > 0 ? 2 : refusals.length > 0 ? 1 : 0,
      };
    },
  );
}

interface Workload {
  manifest: Manifest;
  found: TemplatedPod;
}

/** A grant is for one task. */
function theWorkload(manifests: readonly Manifest[], problems: readonly string[]): Workload {
  const workloads = manifests.flatMap((manifest) => {
    const found = knownKind(manifest.object) && podOf(manifest.object);
    return found ? [{ manifest, found }] : [];
  });
  const [workload, ...others] = workloads;
  if (!workload)
    throw new CannotRun(['there is no pod in it, and nothing that makes pods', ...problems].join('\n'));
  if (others.length > 0) {
    const names = workloads.map(({ manifest }) => titleOf(manifest)).join(', ');
    throw new CannotRun(`a TaskGrant is for one task: give one of ${names} at a time`);
  }
  const { manifest, found } = workload;
  const [malformed] = malformedIn(found);
  if (malformed) {
    const { line, column } = manifest.regionOf(malformed.path);
    throw new CannotRun(
      renderProblem({
        file: manifest.file,
        line,
        column,
        message: `${malformed.path}: ${malformed.message}`,
      }),
    );
  }
  return workload;
}

interface GrantFlags {
  name: string;
  duration: string;
  /** Whether the namespace is left open. */
  isOpen: boolean;
}

/** The grant, and what would still be refused of the workload under it. */
async function grantFor(
  { object, file }: Manifest,
  { pod: authored, prefix }: TemplatedPod,
  { name, duration, isOpen }: GrantFlags,
  world: World,
): Promise<{ grant: AuthoredGrant; refusals: Violation[] }> {
  const namespace = object.metadata.namespace ?? '';
  const pod = asLabelled(authored, name);
  const surroundings = await surroundingsOf(readPod(pod), lookupsIn(world.objects, namespace, world.note));
  // What `kubectl get` shows has the token that is mounted by default spelled out.
  const asWritten = pod.spec ? { ...pod, spec: withoutBuiltInToken(pod.spec) } : pod;
  const grant = smallestGrant({
    name,
    namespace: isOpen ? undefined : namespace,
    duration,
    requests: identityRequestsOf(readPod(asWritten), { surroundings, externalKeys: world.externalKeys }),
    count: podCountOf(object),
    apiAudiences: world.apiAudiences,
  });
  if (grant.spec.workload.images.length === 0) {
    throw new CannotRun(
      `${quoted(file)}: no container of it has an image that runtimes would accept: name one`,
    );
  }
  const parsed = parseGrant({ ...grant, metadata: { ...grant.metadata, namespace } }, world.now);
  if ('faults' in parsed) {
    const faults = parsed.faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new CannotRun(`${quoted(file)}: no TaskGrant can hold what it asks for: ${faults}`);
  }
  const violations = await previewUnder(pod, namespace, parsed.object, 'granted', world);
  return {
    grant,
    refusals: inOrder(violations).map((violation) => ({ ...violation, path: prefix + violation.path })),
  };
}

function asLabelled(pod: Pod, name: string): Pod {
  const { metadata } = pod;
  return { ...pod, metadata: { ...metadata, labels: { ...metadata.labels, [GRANT_LABEL]: name } } };
}

/** The name of the workload, as far as it can be that of a grant. */
function grantNameFor(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, MAX_GRANT_NAME_LENGTH)
    .replace(/^[.-]+|[.-]+$/g, '');
  return words === '' ? 'task' : words;
}

function notesFor({ object }: Manifest, { pod, prefix }: TemplatedPod, name: string): string[] {
  const { note, pods } = podCountOf(object);
  return [
    ...(grantNameOf(pod) === name
      ? []
      : [`put the label ${GRANT_LABEL}: ${name} into ${prefix}metadata.labels`]),
    ...(note === undefined ? [] : [note]),
    ...(pods > MOST_PODS
      ? [`a TaskGrant is for at most ${MOST_PODS} pods: this asks for up to ${pods}, retries included`]
      : []),
  ];
}

const HEAD = ` Written by kubectl taskgrant init. Say in spec.task.intent what the task is for, take out what it does not need,
 and pin images by digest where you can.`;
const onEnvelope = (place: string) =>
  ` No manifest says what a task does at the API server. Where it does something, add what${place}, as in a Role:
kubernetes:
  - { apiGroups: [''], resources: [configmaps], resourceNames: [input], verbs: [get] }`;

/** What the author may have to add stands where it has to be when it is no comment any more. */
function renderGrant(grant: AuthoredGrant): string {
  const document = new Document(grant);
  document.commentBefore = HEAD;
  const envelope = document.getIn(['spec', 'envelope']);
  const first = isMap(envelope) ? envelope.items[0]?.key : undefined;
  if (isScalar(first)) first.commentBefore = onEnvelope('');
  else if (isMap(envelope)) envelope.commentBefore = onEnvelope(' in place of {}');
  return document.toString({ lineWidth: 0 });
}
