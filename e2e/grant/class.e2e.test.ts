/** What a class says of its grants: when they are created, before they are active, and as long as they are. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { ENFORCE_LABEL } from '../../src/api/group.ts';
import type { Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant, TaskGrantSpec } from '../../src/api/taskgrant.ts';
import type { TaskGrantClassSpec } from '../../src/api/taskgrantclass.ts';
import { serviceAccountUsername } from '../../src/kube/client.ts';
import { namespaces, roleBindings, taskGrantClasses, taskGrants } from '../../src/kube/resources.ts';
import { clusterKubeConfig, minorVersion, testClient } from '../kube/testbed.ts';
import { NAMESPACE as RELEASE_NAMESPACE, RELEASE } from '../product/install.ts';
import {
  aClassManifest,
  aGrantManifest,
  apply,
  dryRun,
  enforcedNamespace,
  exists,
  kubectl,
  PATIENCE,
  refusals,
  until,
  untilAllowed,
  untilFinished,
  untilPhase,
  untilReason,
  untilRefused,
  untilTold,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const made: { namespaces: string[]; classes: string[] } = { namespaces: [], classes: [] };

afterAll(async () => {
  for (const name of made.classes) await client.remove(taskGrantClasses, { name }).catch(() => undefined);
  for (const name of made.namespaces) await client.remove(namespaces, { name }).catch(() => undefined);
  await client.close();
});

async function aNamespace(labels: Record<string, string> = {}): Promise<string> {
  const name = await enforcedNamespace(client, { [ENFORCE_LABEL]: 'granted', ...labels });
  made.namespaces.push(name);
  return name;
}

/** A class of this name's own, as soon as it is accepted. */
async function aClass(spec: Partial<TaskGrantClassSpec> = {}): Promise<string> {
  const name = `class-${randomBytes(4).toString('hex')}`;
  made.classes.push(name);
  expect(await apply(aClassManifest(name, spec))).toMatchObject({ stderr: '', code: 0 });
  await untilAccepted(name, 'True');
  return name;
}

async function untilAccepted(name: string, status: 'True' | 'False') {
  const found = await until(
    client,
    taskGrantClasses,
    { name },
    `Accepted=${status}`,
    (one) => one?.status?.conditions?.[0]?.status === status,
  );
  return found?.status?.conditions?.[0];
}

function changeClass(name: string, spec: object) {
  return client.patch(taskGrantClasses, { name }, { type: 'merge', body: { spec } });
}

function changeGrant(place: { namespace: string; name: string }, spec: Partial<TaskGrantSpec>) {
  return client.patch(taskGrants, place, { type: 'merge', body: { spec } });
}

async function anActiveGrant(className: string, namespace: string, spec: Partial<TaskGrantSpec> = {}) {
  const place = { namespace, name: 'task' };
  const { stderr } = await apply(aGrantManifest(namespace, 'task', { className, ...spec }));
  expect(stderr).toBe('');
  return { place, grant: await untilPhase(client, place, 'Active') };
}

/** Whether what gives the grant its rights is there. */
function isBound({ metadata: { namespace, name } }: Stored<TaskGrant>): Promise<boolean> {
  return exists(client, roleBindings, { namespace, name: `taskgrant:${namespace}:${name}` });
}

/** What is told of the grant that its class no longer allows. */
const drifted = (place: { namespace: string; name: string }) =>
  untilTold(client, { kind: 'TaskGrant', ...place }, 'Drifted', 'Warning');

const TEAM = { namespaceSelector: { matchLabels: { team: 'agents' } } };

describe('of a class', () => {
  const conditionsOf = async (name: string) =>
    (await client.get(taskGrantClasses, { name })).status?.conditions ?? [];

  test('it is said what the controller may do as its grantor: nothing but what it needs, where the API server can hold it to that', async () => {
    const isConstrained = (await minorVersion(client)) >= 36;
    const reason = isConstrained ? 'ConstrainedImpersonation' : 'PlainImpersonation';
    // The release may have been installed just now.
    await vi.waitFor(async () => {
      expect(await conditionsOf('default')).toMatchObject([
        { type: 'Accepted', status: 'True' },
        { type: 'GrantorUsable', status: 'True', reason },
      ]);
    }, PATIENCE);
  });

  test('whose grantor the controller may not be, it is said, and to who asks for a grant of it', async () => {
    const grantor = { namespace: RELEASE_NAMESPACE, name: `${RELEASE}-grantor-nobody` };
    const name = await aClass({ grantor });
    expect(await conditionsOf(name)).toMatchObject([
      { type: 'Accepted', status: 'True' },
      { type: 'GrantorUsable', status: 'False', reason: 'ImpersonationRefused' },
    ]);
    const namespace = await aNamespace();
    const rbac = 'rbac.authorization.k8s.io';
    const holdsWhatIsAsked = {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { namespace, name: 'nobody-views' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', ...grantor }],
    };
    expect((await apply(holdsWhatIsAsked)).stderr).toBe('');
    const username = serviceAccountUsername(grantor.namespace, grantor.name);
    const right = { namespace, verb: 'get', group: '', resource: 'configmaps', name: 'input' };
    await untilAllowed(client, { username }, right);
    // The replica that is asked may have heard of the class, and not yet of what the controller says of it.
    await vi.waitFor(async () => {
      const { code, stderr } = await dryRun(aGrantManifest(namespace, 'task', { className: name }));
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('the controller may not act as the grantor');
    }, PATIENCE);
    const issuesNothing = {
      className: name,
      envelope: { tokens: [{ name: 'api', expirationSeconds: 600 }] },
    };
    expect((await apply(aGrantManifest(namespace, 'harmless', issuesNothing))).stderr).toBe('');
  });

  test('whose grantor may be used in every way, it is said', async () => {
    const grantor = `${RELEASE}-grantor-plain-${randomBytes(3).toString('hex')}`;
    const metadata = { namespace: RELEASE_NAMESPACE, name: grantor };
    const rbac = 'rbac.authorization.k8s.io';
    await apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata,
        rules: [
          {
            apiGroups: [''],
            resources: ['serviceaccounts'],
            resourceNames: [grantor],
            verbs: ['impersonate'],
          },
        ],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: rbac, kind: 'Role', name: grantor },
        subjects: [{ kind: 'ServiceAccount', name: `${RELEASE}-controller`, namespace: RELEASE_NAMESPACE }],
      },
    );
    const name = await aClass({ grantor: metadata });
    // Refused at first, where the API server has not heard of the Role yet; and then tried again.
    await vi.waitFor(async () => {
      expect((await conditionsOf(name))[1]).toMatchObject({ status: 'True', reason: 'PlainImpersonation' });
    }, PATIENCE);
    await kubectl(['-n', RELEASE_NAMESPACE, 'delete', 'serviceaccount,role,rolebinding', grantor]);
  });

  test('whose grantor is none of the release’s, it is said, and grants of it are refused', async () => {
    const name = `class-${randomBytes(4).toString('hex')}`;
    made.classes.push(name);
    await apply(
      aClassManifest(name, { grantor: { namespace: 'kube-system', name: 'replicaset-controller' } }),
    );
    expect(await untilAccepted(name, 'False')).toMatchObject({ reason: 'GrantorUnknown' });
    const grant = aGrantManifest(await aNamespace(), 'task', { className: name });
    await vi.waitFor(async () => {
      expect(refusals(await dryRun(grant))).toContain('ClassNotAccepted spec.className');
    }, PATIENCE);
  });
});

describe('a class says', () => {
  test('in which namespaces its grants may be', async () => {
    const className = await aClass(TEAM);
    const namespace = await aNamespace({ team: 'others' });
    const manifest = aGrantManifest(namespace, 'task', { className });
    const outcome = await apply(manifest);
    expect(refusals(outcome)).toEqual(['NamespaceNotSelected metadata.namespace']);
    expect(outcome.stderr).toContain('team=agents');
    await kubectl(['label', '--overwrite', 'namespace', namespace, 'team=agents']);
    // At once, though the webhook's cache may not have heard of the label.
    expect(await apply(manifest)).toMatchObject({ code: 0 });
    await untilPhase(client, { namespace, name: 'task' }, 'Active');
  });

  test('that images are pinned, and what is not RBAC a grant may have: everything that is beyond is named at once', async () => {
    const className = await aClass({
      requireImageDigest: true,
      ceiling: {
        tokens: [{ expirationSeconds: 900 }, { audience: 'https://*.example', expirationSeconds: 600 }],
        secrets: ['ticket-*'],
        certificates: [{ signerName: 'example.com/*', maxExpirationSeconds: 3600 }],
        csiDrivers: ['csi.example.com'],
        externalIdentity: { 'iam.amazonaws.com/role': 'reader-*' },
        deviceClasses: ['example.com/*'],
      },
    });
    const namespace = await aNamespace();
    const pinned = `registry.example/agent@sha256:${'0'.repeat(64)}`;
    const beyond = aGrantManifest(namespace, 'beyond', {
      className,
      workload: {
        images: [pinned, 'agent:v1'],
        deviceClasses: ['other.com/gpu'],
        maxPods: 1,
        allowExec: false,
      },
      envelope: {
        tokens: [
          { name: 'api', expirationSeconds: 3600 },
          { name: 'vault', audience: 'vault', expirationSeconds: 600 },
        ],
        secrets: ['ticket-db', 'root-db'],
        certificates: [{ signerName: 'example.com/workload', maxExpirationSeconds: 7200 }],
        csiDrivers: ['csi.elsewhere.com'],
        externalIdentity: { 'iam.amazonaws.com/role': 'admin' },
      },
    });
    expect(refusals(await apply(beyond))).toEqual([
      'BeyondCeiling spec.envelope.certificates[0].maxExpirationSeconds',
      'BeyondCeiling spec.envelope.csiDrivers[0]',
      'BeyondCeiling spec.envelope.externalIdentity[iam.amazonaws.com/role]',
      'BeyondCeiling spec.envelope.secrets[1]',
      'BeyondCeiling spec.envelope.tokens[0].expirationSeconds',
      'BeyondCeiling spec.envelope.tokens[1].audience',
      'BeyondCeiling spec.workload.deviceClasses[0]',
      'ImageNotPinned spec.workload.images[1]',
    ]);
    await anActiveGrant(className, namespace, {
      workload: { images: [pinned], deviceClasses: ['example.com/gpu'], maxPods: 1, allowExec: false },
      envelope: {
        tokens: [
          { name: 'api', expirationSeconds: 900 },
          { name: 'tools', audience: 'https://tools.example', expirationSeconds: 600 },
        ],
        secrets: ['ticket-db'],
        certificates: [{ signerName: 'example.com/workload', maxExpirationSeconds: 3600 }],
        csiDrivers: ['csi.example.com'],
        externalIdentity: { 'iam.amazonaws.com/role': 'reader-1' },
      },
    });
  });

  test('nothing where its selector makes no sense: it says so itself, and grants of it are refused', async () => {
    const className = await aClass();
    await changeClass(className, {
      namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: [] }] },
    });
    expect(await untilAccepted(className, 'False')).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('spec.namespaceSelector.matchExpressions[0].values') as string,
    });
    const grant = aGrantManifest(await aNamespace(), 'task', { className });
    await untilRefused(grant, ['ClassNotAccepted spec.className']);
  });

  test('in expressions what else it wants of its grants, and a grant is refused with the message of each that is not true', async () => {
    const className = await aClass({
      validations: [
        { expression: 'grant.spec.task.intent.size() >= 10', message: 'say what the task is for' },
        { expression: "namespaceObject.metadata.labels['team'] == 'agents'" },
        { expression: "requester.username == 'system:admin' || 'system:masters' in requester.groups" },
        { expression: 'grant.spec.limits.writes > 0 || grant.spec.workload.maxPods == 1' },
      ],
    });
    const namespace = await aNamespace({ team: 'others' });
    const place = { namespace, name: 'task' };
    const outcome = await apply(
      aGrantManifest(namespace, 'task', { className, task: { intent: 'something' } }),
    );
    expect(refusals(outcome)).toEqual(['ValidationFailed spec.className', 'ValidationFailed spec.className']);
    expect(outcome.stderr).toContain('whose spec.validations[1] is not true of task');
    expect(outcome.stderr).toContain('say what the task is for');
    await kubectl(['label', '--overwrite', 'namespace', namespace, 'team=agents']);
    await anActiveGrant(className, namespace);
    expect((await client.get(taskGrants, place)).status?.phase).toBe('Active');
  });

  test('nothing in expressions that do not compile: its author is warned, it says where, and grants of it are refused', async () => {
    const className = await aClass();
    const validations = [{ expression: 'true &&\n  grant.spec.workload.maxpods < 3' }];
    const { stderr } = await apply(aClassManifest(className, { validations }));
    expect(stderr).toContain('Warning: ExpressionInvalid spec.validations[0].expression');
    expect(await untilAccepted(className, 'False')).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('No such key: maxpods, at line 2, column 23') as string,
    });
    const grant = aGrantManifest(await aNamespace(), 'task', { className });
    await untilRefused(grant, ['ClassNotAccepted spec.className']);
  });

  test('as much again before the grant is active as when it was created', async () => {
    const className = await aClass();
    const namespace = await aNamespace();
    const place = { namespace, name: 'task' };
    await apply(aGrantManifest(namespace, 'task', { className, suspend: true }));
    await untilReason(client, place, 'Active', 'Suspended');
    const { metadata } = await changeClass(className, { ceiling: { secrets: ['ticket-*'] } });
    // The controller knows of it.
    await until(
      client,
      taskGrantClasses,
      { name: className },
      'seen',
      (one) => one?.status?.conditions?.[0]?.observedGeneration === metadata.generation,
    );
    await changeGrant(place, { suspend: false });
    const { status } = await untilFinished(client, place);
    expect(status?.phase).toBe('Denied');
    expect(status?.conditions?.find(({ type }) => type === 'Accepted')).toMatchObject({
      reason: 'BeyondCeiling',
      message: expect.stringContaining('spec.envelope.tokens[0]') as string,
    });
  });
});

describe('an active grant that its class no longer allows', () => {
  test('is revoked, and the Event names everything that does not fit', async () => {
    const className = await aClass();
    const { place, grant } = await anActiveGrant(className, await aNamespace());
    await changeClass(className, { limits: { maxDuration: '5m' }, ceiling: {} });
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
    expect(ended.status?.revocation?.verifiedAt).toBeDefined();
    expect(await isBound(grant)).toBe(false);
    await untilTold(client, { kind: 'TaskGrant', ...place }, 'Verified');
    const [note, ...more] = await drifted(place);
    expect(more).toEqual([]);
    for (const path of ['spec.duration', 'spec.envelope.tokens[0]']) expect(note).toContain(path);
  });

  test('is suspended where it says so, and comes back by somebody’s hand when the class allows it again', async () => {
    const className = await aClass();
    const { place, grant } = await anActiveGrant(className, await aNamespace(), { onDrift: 'Suspend' });
    await changeClass(className, { limits: { maxDuration: '5m' } });
    const suspended = await untilReason(client, place, 'Revoked', 'Suspended');
    expect(suspended.status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    expect(await isBound(grant)).toBe(false);
    expect((await drifted(place))[0]).toContain('spec.duration');

    // It is asked for too early: the class says no as before.
    await toggled(place);
    const still = await untilReason(client, place, 'Accepted', 'LimitExceeded');
    expect(still.status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });

    await changeClass(className, { limits: { maxDuration: '1h' } });
    await toggled(place);
    const again = await untilPhase(client, place, 'Active');
    expect(again.status?.serviceAccountName).toBe(grant.status?.serviceAccountName);
    // The class is another one, and so is the decision.
    expect(again.status?.decision?.id).not.toBe(grant.status?.decision?.id);
    expect(await isBound(grant)).toBe(true);
  });

  test('ends when the class gets a validation that is not true of it, and stays where it is: by who asked, and why', async () => {
    const className = await aClass();
    const { place: kept } = await anActiveGrant(className, await aNamespace());
    const { place } = await anActiveGrant(className, await aNamespace(), { task: { intent: 'another' } });
    // Neither of these is in the controller's cache of active grants.
    const expression = "grant.spec.task.intent == 'read the input' && requester.username != ''";
    await changeClass(className, { validations: [{ expression, message: 'only to read' }] });
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
    expect((await drifted(place))[0]).toContain('only to read');
    expect((await client.get(taskGrants, kept)).status?.phase).toBe('Active');
  });

  test('is suspended by a validation where it says so, and comes back when it holds again', async () => {
    const className = await aClass();
    const { place } = await anActiveGrant(className, await aNamespace(), { onDrift: 'Suspend' });
    await changeClass(className, { validations: [{ expression: 'grant.spec.workload.maxPods > 1' }] });
    const suspended = await untilReason(client, place, 'Revoked', 'Suspended');
    expect(suspended.status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    await changeClass(className, { validations: null });
    await toggled(place);
    await untilPhase(client, place, 'Active');
  });

  test('ends when its namespace is one that the class does not select', async () => {
    const className = await aClass(TEAM);
    const namespace = await aNamespace({ team: 'agents' });
    const { place } = await anActiveGrant(className, namespace);
    await kubectl(['label', '--overwrite', 'namespace', namespace, 'team=others']);
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
    expect((await drifted(place))[0]).toContain('NamespaceNotSelected');
  });

  test('ends when the class is deleted', async () => {
    const className = await aClass();
    const { place, grant } = await anActiveGrant(className, await aNamespace());
    await client.remove(taskGrantClasses, { name: className });
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
    expect((await drifted(place))[0]).toContain('ClassNotFound');
    expect(await isBound(grant)).toBe(false);
  });

  test('stays where the class makes no sense by now, until it does again', async () => {
    const className = await aClass();
    const { place } = await anActiveGrant(className, await aNamespace());
    await changeClass(className, {
      namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: [] }] },
      limits: { maxDuration: '5m' },
    });
    await untilAccepted(className, 'False');
    expect((await client.get(taskGrants, place)).status?.phase).toBe('Active');
    await changeClass(className, { namespaceSelector: null });
    expect((await untilFinished(client, place)).status?.revocation?.reason).toBe('Drifted');
  });
});

/** Somebody has looked, and has the grant judged anew. */
async function toggled(place: { namespace: string; name: string }): Promise<void> {
  await changeGrant(place, { suspend: true });
  await until(
    client,
    taskGrants,
    place,
    'somebody’s',
    (grant) => grant?.status?.suspension?.reason === 'Suspended',
  );
  await changeGrant(place, { suspend: false });
}
