/** What tests of grants on real pods need: namespaces, grants, pods of the task image, and waiting for what must come. */
import { expect, vi } from 'vitest';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import { API_VERSION, ENFORCE_LABEL, GRANT_LABEL } from '../../src/api/group.ts';
import type { KubernetesObject, Pod, SelfSubjectReview, Stored, UserInfo } from '../../src/api/kubernetes.ts';
import { isFinal, type GrantConditionType, type GrantReason } from '../../src/api/reasons.ts';
import type { TaskGrant, TaskGrantSpec } from '../../src/api/taskgrant.ts';
import type { TaskGrantClassSpec } from '../../src/api/taskgrantclass.ts';
import { VIOLATION_CODES } from '../../src/core/decision/codes.ts';
import { accessReview, type ResourceAttributes } from '../../src/core/envelope/requester.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import type { Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { createReader } from '../../src/kube/reader.ts';
import {
  configMaps,
  events,
  namespaces,
  pods,
  secrets,
  selfSubjectReviews,
  serviceAccounts,
  subjectAccessReviews,
  taskGrants,
  validatingAdmissionPolicyBindings,
  type Resource,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';

export const TASK_IMAGE = 'localhost/taskgrant-task:1';

/** How long anything may take that is not about time itself: a node under load starts a pod in a few seconds. */
const PATIENCE_MS = 60_000;

/** The same, for what is looked at again and again. */
export const PATIENCE = { timeout: PATIENCE_MS, interval: 200 };

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs kubectl as a user would. Never throws: what it said and its exit code are the answer. */
export function kubectl(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', args, { env: { ...process.env, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? 1, stdout, stderr });
    });
    child.stdin.end(input);
  });
}

/** kubectl apply of objects, in this order, as one file. */
export function apply(...objects: readonly object[]): Promise<Outcome> {
  return kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}

/** kubectl as the kubelet of the cluster's node, which asks for the tokens and certificates of its pods. */
export const AS_NODE = ['--as', 'system:node:node-1', '--as-group', 'system:nodes'];

/** A namespace of the test's own, enforced, with a ConfigMap `input` and a Secret `password` in it. */
export async function enforcedNamespace(
  client: Client,
  labels: Record<string, string> = { [ENFORCE_LABEL]: 'granted' },
): Promise<string> {
  const name = `grant-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await client.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: name, name: 'input' },
    data: { text: 'what the task works on' },
  });
  await client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: name, name: 'password' },
    stringData: { password: 'not-a-real-one' },
  });
  // The controller manager makes it a moment later, and without it no pod is admitted, whatever account the pod will have in the end.
  const account = { namespace: name, name: 'default' };
  await until(client, serviceAccounts, account, 'there', (found) => found !== undefined);
  return name;
}

/** Enforced namespaces of one file of tests, and how they go, whichever of them a test has removed by itself. */
export function testNamespaces(client: Client) {
  const made: string[] = [];
  return {
    async create(labels?: Record<string, string>): Promise<string> {
      const name = await enforcedNamespace(client, labels);
      made.push(name);
      return name;
    },
    async removeAll(): Promise<void> {
      for (const name of made) {
        await client.remove(namespaces, { name }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    },
  };
}

/** A grant to read the ConfigMap `input` with one API token, for one pod and ten minutes; changed as said. */
export function aGrantManifest(namespace: string, name: string, spec: Partial<TaskGrantSpec> = {}) {
  return {
    apiVersion: API_VERSION,
    kind: 'TaskGrant',
    metadata: { namespace, name },
    spec: {
      task: { intent: 'read the input' },
      workload: { images: [TASK_IMAGE] },
      envelope: {
        kubernetes: [
          { apiGroups: [''], resources: ['configmaps'], resourceNames: ['input'], verbs: ['get'] },
        ],
        tokens: [{ name: 'api' }],
      },
      duration: '10m',
      ...spec,
    },
  };
}

/** A class with the ceiling of the class `default`, that holds nobody to what they hold; changed as said. */
export function aClassManifest(name: string, spec: Partial<TaskGrantClassSpec> = {}) {
  return {
    apiVersion: API_VERSION,
    kind: 'TaskGrantClass' as const,
    metadata: { name },
    spec: {
      authorization: 'Ceiling',
      grantor: { namespace: 'taskgrant-system', name: 'taskgrant-grantor-default' },
      ...spec,
    },
  };
}

/** A pod with the label, as its author writes it, that runs a script in the task image. */
export function aPodManifest(namespace: string, name: string, grant: string, script: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { [GRANT_LABEL]: grant } },
    spec: podSpec(script),
  };
}

export function podSpec(script: string) {
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: 'task', image: TASK_IMAGE, imagePullPolicy: 'Never', command: ['sh', '-c'], args: [script] },
    ],
  };
}

/**
 * Waits, by a watch, until an object is as it should be.
 *
 * @throws Error with the object as it was last, where that does not come about.
 */
export async function until<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  { namespace, name }: { namespace?: string; name: string },
  what: string,
  isSo: (object: Stored<T> | undefined) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<Stored<T> | undefined> {
  const reader = createReader({
    client,
    resource,
    ...(namespace !== undefined && { namespace }),
    fieldSelector: `metadata.name=${name}`,
    logger: silentLogger,
  });
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  const done = Promise.withResolvers<undefined>();
  const look = () => {
    if (isSo(reader.get(key))) done.resolve(undefined);
  };
  const timer = setTimeout(() => {
    done.reject(
      new Error(`${resource.kind} ${key} did not become ${what}: ${JSON.stringify(reader.get(key))}`),
    );
  }, patienceMs);
  reader.start();
  try {
    await reader.waitForSync();
    reader.subscribe(look);
    look();
    await done.promise;
    return reader.get(key);
  } finally {
    clearTimeout(timer);
    await reader.stop();
  }
}

/** The same until it is not there, or not any more. */
export async function untilGone<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  place: { namespace?: string; name: string },
  patienceMs = PATIENCE_MS,
): Promise<void> {
  await until(client, resource, place, 'gone', (object) => object === undefined, patienceMs);
}

export async function untilPhase(
  client: Client,
  place: { namespace: string; name: string },
  phase: string,
  patienceMs?: number,
): Promise<Stored<TaskGrant>> {
  const grant = await until(
    client,
    taskGrants,
    place,
    phase,
    (found) => found?.status?.phase === phase,
    patienceMs,
  );
  if (!grant) throw new Error('a grant that is in a phase exists');
  return grant;
}

/** Until its status says this about one aspect. */
export async function untilReason(
  client: Client,
  place: { namespace: string; name: string },
  type: GrantConditionType,
  reason: GrantReason,
): Promise<Stored<TaskGrant>> {
  const grant = await until(client, taskGrants, place, reason, (found) =>
    (found?.status?.conditions ?? []).some((one) => one.type === type && one.reason === reason),
  );
  if (!grant) throw new Error('a grant with conditions exists');
  return grant;
}

export async function untilFinished(
  client: Client,
  place: { namespace: string; name: string },
  patienceMs?: number,
): Promise<Stored<TaskGrant>> {
  const grant = await until(
    client,
    taskGrants,
    place,
    'finished',
    (found) => isFinal(found?.status?.phase),
    patienceMs,
  );
  if (!grant) throw new Error('a finished grant exists');
  return grant;
}

/** What an Event is about: what is cluster-scoped has its Events in `default`. */
export interface Regarded {
  kind: string;
  namespace?: string;
  name: string;
}

/** What Events with this reason tell of an object, the last first. */
export async function notesOn(
  client: Client,
  { kind, namespace = 'default', name }: Regarded,
  reason: string,
  type?: 'Warning',
): Promise<string[]> {
  const said = await listAll(client, events, { namespace });
  return said
    .filter((one) => one.reason === reason && (type === undefined || one.type === type))
    .filter(({ regarding }) => regarding?.kind === kind && regarding.name === name)
    .toSorted((a, b) => (a.eventTime < b.eventTime ? 1 : -1))
    .map(({ note = '' }) => note);
}

/** The same, as soon as something is told: Events are written in the background, after the status that they tell of. */
export function untilTold(
  client: Client,
  regarded: Regarded,
  reason: string,
  type?: 'Warning',
): Promise<string[]> {
  return vi.waitFor(async () => {
    const notes = await notesOn(client, regarded, reason, type);
    if (notes.length === 0) throw new Error(`no Event tells of ${regarded.kind} ${regarded.name}: ${reason}`);
    return notes;
  }, PATIENCE);
}

/**
 * Until the API server's authorizer says so. It hears of Roles and bindings a moment after they were written, and of what a ClusterRole
 * aggregates when the controller manager has written that.
 */
export async function untilAllowed(
  client: Client,
  user: UserInfo,
  right: ResourceAttributes,
  isAllowed = true,
): Promise<void> {
  await vi.waitFor(async () => {
    const { status } = await client.create(subjectAccessReviews, accessReview(user, right));
    expect({ user, right, isAllowed: status?.allowed }).toEqual({ user, right, isAllowed });
  }, PATIENCE);
}

/**
 * Until the creation of an object is refused with just this, and what is said then. Each replica of the webhook judges by caches of its
 * own, and may hear a moment later of what the test has seen already; so it is tried as a dry run, of which nothing stays.
 *
 * @param violations as of {@link refusals}
 */
export function untilRefused(object: object, violations: string[]): Promise<Outcome> {
  return vi.waitFor(async () => {
    const outcome = await dryRun(object);
    expect(refusals(outcome)).toEqual(violations);
    return outcome;
  }, PATIENCE);
}

/** Creates an object without its being stored. */
export function dryRun(object: object): Promise<Outcome> {
  return kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(object));
}

export async function exists<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  place: { namespace?: string; name: string },
): Promise<boolean> {
  try {
    await client.get(resource, place);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** On a namespace of which a cluster admin has said that the floor leaves it alone. */
export const UNGUARDED = 'e2e.taskgrant.dev/unguarded';

/** What was issued is changed by nobody, says the floor: a cluster admin takes namespaces with this label out of that, or none again. */
export async function floorLeavesOut(client: Client, label: string | undefined): Promise<void> {
  const matchResources =
    label === undefined
      ? null
      : { namespaceSelector: { matchExpressions: [{ key: label, operator: 'DoesNotExist' }] } };
  await Promise.all(
    ['accounts', 'roles', 'bindings', 'subjects'].map((name) =>
      client.patch(
        validatingAdmissionPolicyBindings,
        { name: `taskgrant-${name}` },
        { type: 'merge', body: { spec: { matchResources } } },
      ),
    ),
  );
}

/**
 * Does what the floor refuses, in a namespace with that label: a policy that was changed takes effect a while later, and a file that
 * runs beside this one may have put it back meanwhile.
 */
export function pastTheFloor(client: Client, attempt: () => Promise<unknown>): Promise<unknown> {
  return vi.waitFor(async () => {
    await floorLeavesOut(client, UNGUARDED);
    return attempt();
  }, PATIENCE);
}

/**
 * Asks for the same pod, as a dry run, again and again and by several at a time, until `stop` is called, which tells how often it was
 * admitted, and with what it was refused.
 */
export function askAgainAndAgain(client: Client, pod: Pod, atATime = 4) {
  return doAgainAndAgain(() => client.create(pods, pod, { dryRun: true }), atATime);
}

/** The same with whatever may be admitted or refused. */
export function doAgainAndAgain(ask: () => Promise<unknown>, atATime: number) {
  let isOver = false;
  let admitted = 0;
  const refusals: unknown[] = [];
  const keepAsking = async () => {
    while (!isOver) {
      await ask()
        .then(() => (admitted += 1))
        .catch((error: unknown) => refusals.push(error));
    }
  };
  const asking = Array.from({ length: atATime }, keepAsking);
  return {
    async stop(): Promise<{ admitted: number; refusals: unknown[] }> {
      isOver = true;
      await Promise.all(asking);
      return { admitted, refusals };
    },
  };
}

/** What a pod has printed so far. */
export async function logsOf({ metadata }: Stored<Pod>): Promise<string> {
  const { stdout, stderr, code } = await kubectl([
    'logs',
    '--namespace',
    metadata.namespace ?? '',
    metadata.name,
  ]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** The first line of the pod's log that matches, as soon as it is printed. */
export function awaitLog(pod: Stored<Pod>, pattern: RegExp): Promise<string> {
  return vi.waitFor(async () => {
    const line = pattern.exec(await logsOf(pod))?.[0];
    if (line === undefined) throw new Error(`${pod.metadata.name} did not print ${String(pattern)}`);
    return line;
  }, PATIENCE);
}

/** What a refusal names, in its order: `CODE path` of each line; nothing where there was none. */
export function refusals({ stderr, code }: Outcome): string[] {
  if (code === 0) return [];
  return stderr.split('\n').flatMap((line) => {
    // A policy of the floor says what it refuses for in its first line, and so does a denial for one violation.
    const [word = '', path = ''] = line.replace(/^.*?( denied request: |\(1 violation\): )/, '').split(' ');
    return word in VIOLATION_CODES ? [`${word} ${path.replace(/:$/, '')}`] : [];
  });
}

/** A client with nothing but a token: what a thief has. */
export function clientWithToken(token: string): Client {
  const admin = clusterKubeConfig();
  const cluster = admin.getCurrentCluster();
  if (!cluster) throw new Error('KUBECONFIG has no current cluster');
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(cluster, { name: 'thief', token });
  return testClient(kubeConfig);
}

/** Who the API server says that a client is; throws ApiError 401 where it is nobody. */
export async function whoIs(client: Client): Promise<string> {
  const review = await client.create<SelfSubjectReview>(selfSubjectReviews, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    metadata: {},
  });
  return review.status?.userInfo?.username ?? '';
}
