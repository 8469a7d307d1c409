/**
 * The controller is killed before and after each of its writes, and started again: it converges, nothing is left over, and
 * nothing is granted twice. It runs here as a process of the test, with the rights of the installed controller's own
 * account, behind a proxy that knows which request it is; the product itself has no hook for this.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GRANT_UID_LABEL } from '../../src/api/group.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import { serviceAccountUsername } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  leases,
  namespaces,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  taskGrants,
} from '../../src/kube/resources.ts';
import { BUNDLE } from '../../scripts/bundle.ts';
import { startFaultProxy, type FaultProxy } from '../kube/fault-proxy.ts';
import type { ProxiedRequest } from '../kube/proxied-request.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { NAMESPACE } from '../product/install.ts';
import {
  aGrantManifest,
  apply,
  enforcedNamespace,
  kubectl,
  until,
  untilGone,
  untilPhase,
} from '../grant/testbed.ts';

const PROGRAM = fileURLToPath(new URL(`../../${BUNDLE}`, import.meta.url));
const DEPLOYMENT = 'deployment/taskgrant-controller';

/** Of one step: two controllers start in it, one after the other, each of them a process. */
const PATIENCE_MS = 180_000;
const HOOK_MS = 400_000;
/** Of a test: two dozen controllers start in it. */
const TEST_MS = 900_000;

const client = testClient(clusterKubeConfig());
let namespace: string;
let proxy: FaultProxy;
let folder: string;
let replicas: string;

beforeAll(async () => {
  namespace = await enforcedNamespace(client);
  replicas = (await kubectl(['-n', NAMESPACE, 'get', DEPLOYMENT, '-o', 'jsonpath={.spec.replicas}'])).stdout;
  await scale('0');
  const token = (
    await kubectl(['-n', NAMESPACE, 'create', 'token', 'taskgrant-controller', '--duration', '3h'])
  ).stdout;
  proxy = await startFaultProxy({ kubeConfig: clusterKubeConfig() });
  folder = await mkdtemp(join(tmpdir(), 'taskgrant-crash-'));
  await writeFile(join(folder, 'kubeconfig'), proxy.kubeconfig(token.trim()), { mode: 0o600 });
}, HOOK_MS);

afterAll(async () => {
  await Promise.all([...running].map(kill));
  await takeTheLease();
  await scale(replicas);
  await until(
    client,
    leases,
    { namespace: NAMESPACE, name: LEASE },
    'held again',
    (lease) => lease?.spec?.holderIdentity?.startsWith('taskgrant-controller') === true,
  );
  await proxy.stop();
  await rm(folder, { recursive: true });
  await client.remove(namespaces, { name: namespace });
  await client.close();
}, HOOK_MS);

const LEASE = 'taskgrant-controller';
const running = new Set<ChildProcess>();

async function scale(count: string): Promise<void> {
  await kubectl(['--namespace', NAMESPACE, 'scale', DEPLOYMENT, `--replicas=${count}`]);
  const { stderr, code } = await (count === '0'
    ? untilThere('pod', '-l', 'app.kubernetes.io/component=controller', '--for=delete')
    : untilThere(DEPLOYMENT, `--for=jsonpath={.status.readyReplicas}=${count}`));
  if (code !== 0) throw new Error(stderr);
}

function untilThere(...what: readonly string[]) {
  return kubectl(['--namespace', NAMESPACE, 'wait', ...what, '--timeout=120s']);
}

/** Whoever held it was killed and cannot hand it over; others would wait for 15 s to be sure of that. */
async function takeTheLease(): Promise<void> {
  await client.remove(leases, { namespace: NAMESPACE, name: LEASE }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** A controller process, which leads at once. */
async function startController(): Promise<ChildProcess> {
  await takeTheLease();
  const controller = spawn(
    process.execPath,
    [
      PROGRAM,
      'controller',
      `--namespace=${NAMESPACE}`,
      `--lease=${LEASE}`,
      `--identity=crash-${randomBytes(4).toString('hex')}`,
      '--metrics-port=0',
      // As e2e/cluster tells the API server; in a pod, its own token says so.
      '--api-audience=https://kubernetes.default.svc',
    ],
    {
      env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  running.add(controller);
  controller.once('exit', () => running.delete(controller));
  return controller;
}

/** Ends a process as a crash does, and returns when it is no more. */
async function kill(controller: ChildProcess): Promise<void> {
  if (!running.has(controller)) return;
  const gone = once(controller, 'exit');
  controller.kill('SIGKILL');
  await gone;
}

/**
 * Whether the request changes something of a grant of this file: no Lease, no Event, no certificate, no question, and nothing of the
 * grants that other files have left in namespaces that are going.
 */
function isWriteOfTheLifecycle(request: ProxiedRequest): boolean {
  return (
    request.writes &&
    request.namespace === namespace &&
    ['taskgrants', 'serviceaccounts', 'roles', 'rolebindings', 'pods'].includes(request.resource)
  );
}

/** `update taskgrants status`. */
function kindOf({ verb, resource, subresource }: ProxiedRequest): string {
  return `${verb} ${resource} ${subresource}`.trim();
}

/**
 * Runs a controller that dies at one of its writes from now on, or does not. Resolves when it is dead, with what it began to write:
 * the first of a kind is `delete roles 1`.
 *
 * @param isTheOne asked for each write, with it and those before it
 */
async function dieAtWrite(
  isTheOne: (writes: readonly string[]) => boolean,
  when: 'before' | 'after',
  until: Promise<unknown>,
): Promise<string[]> {
  const kinds: string[] = [];
  const writes: string[] = [];
  let isMet = false;
  const died = Promise.withResolvers<undefined>();
  const die = async () => {
    await kill(controller);
    died.resolve(undefined);
  };
  proxy.setOnRequest(async (request) => {
    if (!isWriteOfTheLifecycle(request)) return undefined;
    const kind = kindOf(request);
    kinds.push(kind);
    writes.push(`${kind} ${kinds.filter((one) => one === kind).length}`);
    if (isMet || !isTheOne(writes)) return undefined;
    isMet = true;
    if (when === 'before') {
      await die();
      return { drop: 'reset' };
    }
    return { afterAnswer: die };
  });
  const controller = await startController();
  // Its last write makes it so: then it is about to die, and has to be waited for.
  const done = until.then(() => (isMet ? died.promise : undefined));
  await Promise.race([died.promise, done]);
  const begun = [...writes];
  proxy.setOnRequest();
  await kill(controller);
  return begun;
}

/**
 * Several are under way at the same time, and any of them may be the first to arrive: so each is known by what it is, and not by its
 * place.
 */
function dieAt(write: string | undefined, when: 'before' | 'after', until: Promise<unknown>) {
  return dieAtWrite((writes) => writes.at(-1) === write, when, until);
}

/**
 * Each of them was begun, and nothing that is not among them: were there more, a test would have missed some. What is rated anew takes a
 * write of its own, though, and what a cache still has is removed once more.
 */
function expectNothingBut(expected: readonly string[], writes: readonly string[]): void {
  expect(writes).toEqual(expect.arrayContaining([...expected]));
  for (const more of writes.filter((write) => !expected.includes(write)))
    expect(more).toMatch(/^(update taskgrants status|delete (rolebindings|roles|serviceaccounts)) [2-9]$/);
}

async function madeFor(uid: string) {
  const labelSelector = `${GRANT_UID_LABEL}=${uid}`;
  return (
    await Promise.all([
      listAll(client, serviceAccounts, {}, { labelSelector }),
      listAll(client, roles, {}, { labelSelector }),
      listAll(client, roleBindings, {}, { labelSelector }),
    ])
  ).map((found) => found.map(({ metadata }) => metadata.uid));
}

const ACTIVATION = [
  'update taskgrants status 1',
  'create serviceaccounts 1',
  'create roles 1',
  'create rolebindings 1',
  'update taskgrants status 2',
];

test.each(['before', 'after'] as const)(
  'killed %s any write of an activation, the next controller makes it active, with one of each object',
  async (when) => {
    for (const [n, write] of [...ACTIVATION, undefined].entries()) {
      const name = `up-${when}-${n}`;
      const place = { namespace, name };
      const created = await apply(aLastingGrant(name));
      expect(created.stderr).toBe('');
      const active = untilPhase(client, place, 'Active', PATIENCE_MS);
      const writes = await dieAt(write, when, active);
      if (write === undefined) {
        expectNothingBut(ACTIVATION, writes);
        break;
      }
      expect(writes).toContain(write);
      const next = await startController();
      const grant = await active;
      expect(await madeFor(grant.metadata.uid)).toEqual([
        [expect.any(String)],
        [expect.any(String)],
        [expect.any(String)],
      ]);
      expect(grant.status?.inventory?.map(({ uid }) => uid)).toEqual(
        (await madeFor(grant.metadata.uid)).flat(),
      );
      await kill(next);
    }
  },
  TEST_MS,
);

const REVOCATION = [
  'delete rolebindings 1',
  'update taskgrants status 1',
  'delete serviceaccounts 1',
  'delete roles 1',
  'update taskgrants status 2',
  'patch taskgrants 1',
];

test.each(['before', 'after'] as const)(
  'killed %s any write of a revocation, the next controller finishes it, and nothing is left',
  async (when) => {
    for (const [n, write] of [...REVOCATION, undefined].entries()) {
      const name = `down-${when}-${n}`;
      const place = { namespace, name };
      await apply(aLastingGrant(name));
      const first = await startController();
      const { metadata } = await untilPhase(client, place, 'Active', PATIENCE_MS);
      await kill(first);
      await client.patch(taskGrants, place, { type: 'merge', body: { spec: { revoke: true } } });
      const unheld = until(
        client,
        taskGrants,
        place,
        'finished without a finalizer',
        (grant) => grant?.status?.phase === 'Revoked' && (grant.metadata.finalizers ?? []).length === 0,
        PATIENCE_MS,
      );
      const writes = await dieAt(write, when, unheld);
      if (write === undefined) expectNothingBut(REVOCATION, writes);
      else expect(writes).toContain(write);
      const next = await startController();
      const ended = await unheld;
      await kill(next);
      expect(ended?.status?.revocation).toMatchObject({
        reason: 'Revoked',
        verifiedAt: expect.any(String) as string,
      });
      expect(await madeFor(metadata.uid)).toEqual([[], [], []]);
    }
  },
  TEST_MS,
);

/** One that is not over before all tests are: its end would be written in among what a controller is killed at. */
function aLastingGrant(name: string) {
  return aGrantManifest(namespace, name, { duration: '1h' });
}

/** An active grant that is to be suspended, or a suspended one that is to be resumed, while no controller runs. */
async function aGrantToChange(name: string, suspended: boolean) {
  const place = { namespace, name };
  const change = (suspend: boolean) =>
    client.patch(taskGrants, place, { type: 'merge', body: { spec: { suspend } } });
  await apply(aLastingGrant(name));
  const first = await startController();
  const grant = await untilPhase(client, place, 'Active', PATIENCE_MS);
  if (suspended) {
    await change(true);
    await untilTaken(place);
  }
  await kill(first);
  await change(!suspended);
  return grant;
}

function untilTaken(place: { namespace: string; name: string }) {
  return until(
    client,
    taskGrants,
    place,
    'suspended and seen to hold nothing',
    (grant) => grant?.status?.suspension?.verifiedAt !== undefined,
    PATIENCE_MS,
  );
}

const SUSPENSION = [
  'delete rolebindings 1',
  'update taskgrants status 1',
  'delete roles 1',
  'update taskgrants status 2',
];

test.each(['before', 'after'] as const)(
  'killed %s any write of a suspension, the next controller finishes it, and the account alone is left',
  async (when) => {
    for (const [n, write] of [...SUSPENSION, undefined].entries()) {
      const name = `out-${when}-${n}`;
      const { metadata } = await aGrantToChange(name, false);
      const taken = untilTaken({ namespace, name });
      const writes = await dieAt(write, when, taken);
      if (write === undefined) expectNothingBut(SUSPENSION, writes);
      else expect(writes).toContain(write);
      const next = await startController();
      expect((await taken)?.status).toMatchObject({
        phase: 'Suspended',
        suspension: { reason: 'Suspended' },
      });
      await kill(next);
      expect(await madeFor(metadata.uid)).toEqual([[expect.any(String)], [], []]);
    }
  },
  TEST_MS,
);

test.each(['before', 'after'] as const)(
  'killed %s any write of a resumption, the next controller makes it active, with one of each object and the account that it had',
  async (when) => {
    const killedAt: string[] = [];
    for (let n = 1; ; n++) {
      const name = `in-${when}-${n}`;
      const before = await aGrantToChange(name, true);
      const active = untilPhase(client, { namespace, name }, 'Active', PATIENCE_MS);
      const writes = await dieAtWrite(({ length }) => length === n, when, active);
      const what = writes[n - 1];
      if (what !== undefined) killedAt.push(what);
      const next = await startController();
      const { status } = await active;
      await kill(next);
      const [account] = before.status?.inventory ?? [];
      const made = await madeFor(before.metadata.uid);
      expect(made).toEqual([[account?.uid], [expect.any(String)], [expect.any(String)]]);
      expect(status?.inventory?.map(({ uid }) => uid)).toEqual(made.flat());
      if (what === undefined) break;
    }
    // Whatever the last controller had under way when it was killed comes first, so which write is the nth differs.
    expect(killedAt.length).toBeGreaterThanOrEqual(4);
    expect(killedAt).toEqual(expect.arrayContaining(['create rolebindings 1', 'update taskgrants status 1']));
  },
  TEST_MS,
);

test(
  'what belongs to no grant is found at the start, and removed',
  async () => {
    const name = 'orphan';
    await apply(aLastingGrant(name));
    const first = await startController();
    const grant = await untilPhase(client, { namespace, name }, 'Active', PATIENCE_MS);
    await kill(first);
    // The finalizer is taken off by force, and the grant with it, while no controller is there to see it. Only the
    // controller's own account gets past the webhook with that.
    await client
      .as({ username: serviceAccountUsername(NAMESPACE, LEASE) })
      .patch(taskGrants, { namespace, name }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await client.remove(taskGrants, { namespace, name });
    expect((await madeFor(grant.metadata.uid)).flat()).toHaveLength(3);
    const next = await startController();
    const account = grant.status?.serviceAccountName ?? '';
    await untilGone(client, serviceAccounts, { namespace, name: account });
    const issued = { namespace, name: `taskgrant:${namespace}:${name}` };
    await untilGone(client, roleBindings, issued);
    await untilGone(client, roles, issued);
    await kill(next);
    expect(await listAll(client, pods, { namespace })).toEqual([]);
  },
  TEST_MS,
);
