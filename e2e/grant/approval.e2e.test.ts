/** That what a class wants approved holds nothing before somebody else has said so who may. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundlePlugin, PLUGIN } from '../../scripts/bundle.ts';
import { API_VERSION, GROUP, MANAGED_BY, MANAGED_BY_LABEL } from '../../src/api/group.ts';
import type { Stored, UserInfo } from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { serviceAccountUsername, type Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  roles,
  serviceAccounts,
  taskGrantClasses,
  taskGrants,
} from '../../src/kube/resources.ts';
import { NAMESPACE as RELEASE_NAMESPACE, RELEASE } from '../product/install.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  aGrantManifest,
  apply,
  clientWithToken,
  enforcedNamespace,
  kubectl,
  untilGone,
  untilAllowed,
  untilFinished,
  untilPhase,
  type Outcome,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const RBAC = 'rbac.authorization.k8s.io';
/** Of everything here that is the cluster's. */
const CLASS = `approval-${randomBytes(4).toString('hex')}`;
const IN_A_HURRY = `${CLASS}-hurry`;
let namespace: string;
/** With the plugin in it. */
let folder: string;
const clients: Client[] = [];

/** To get into pods leads further than it says: High. */
const ENTERS = { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] };
const envelope = {
  kubernetes: [ENTERS],
  tokens: [{ name: 'api', expirationSeconds: 600 }],
};

async function aClass(name: string, maxWait: string): Promise<void> {
  await client.create(taskGrantClasses, {
    apiVersion: API_VERSION,
    kind: 'TaskGrantClass',
    metadata: { name },
    spec: {
      authorization: 'Ceiling',
      grantor: { namespace: RELEASE_NAMESPACE, name: `${RELEASE}-grantor-default` },
      requireImageDigest: false,
      approval: { requiredAtRisk: 'High', maxWait },
    },
  });
}

beforeAll(async () => {
  await bundlePlugin();
  folder = await mkdtemp(join(tmpdir(), 'taskgrant-plugin-'));
  await symlink(resolve(PLUGIN.program), join(folder, 'kubectl-taskgrant'));
  namespace = await enforcedNamespace(client);
  await aClass(CLASS, '1h');
  await aClass(IN_A_HURRY, '3s');
  const role = (name: string, rules: object[]) =>
    client.create(clusterRoles, {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name, labels: { 'taskgrant.dev/ceiling': name === CLASS ? 'default' : 'none' } },
      rules,
    } as never);
  // The ceiling has to have what is asked for.
  await role(CLASS, [ENTERS]);
  await role(`${CLASS}-people`, [
    { apiGroups: ['taskgrant.dev'], resources: ['taskgrants'], verbs: ['get', 'list', 'create', 'patch'] },
    { apiGroups: ['taskgrant.dev'], resources: ['taskgrantclasses'], resourceNames: [CLASS], verbs: ['use'] },
  ]);
  await role(`${CLASS}-approvers`, [
    {
      apiGroups: ['taskgrant.dev'],
      resources: ['taskgrantclasses'],
      resourceNames: [CLASS],
      verbs: ['approve'],
    },
  ]);
  const grantor = { username: serviceAccountUsername(RELEASE_NAMESPACE, `${RELEASE}-grantor-default`) };
  const enters = { namespace, verb: 'create', group: '', resource: 'pods', subresource: 'exec' };
  await untilAllowed(client, grantor, enters);
});

afterAll(async () => {
  for (const one of clients) await one.close();
  await client.remove(namespaces, { name: namespace });
  for (const name of [CLASS, `${CLASS}-people`, `${CLASS}-approvers`]) {
    await client.remove(clusterRoleBindings, { name }).catch(() => undefined);
    await client.remove(clusterRoles, { name }).catch(() => undefined);
  }
  for (const name of [CLASS, IN_A_HURRY]) await client.remove(taskGrantClasses, { name });
  await rm(folder, { recursive: true });
  await client.close();
});

type Role = 'people' | 'approvers';

/** Until somebody has it in the namespace, as far as the API server knows. */
function untilHeld(user: UserInfo, role: Role): Promise<void> {
  const right = { namespace, group: GROUP, resource: 'taskgrantclasses', name: CLASS };
  return untilAllowed(client, user, { ...right, verb: role === 'people' ? 'use' : 'approve' });
}

/** Somebody with these roles in the namespace. */
async function somebody(name: string, ...held: Role[]): Promise<Client> {
  const metadata = { namespace, name };
  await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  for (const role of held)
    await client.create(roleBindings, {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { namespace, name: `${name}-${role}` },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: `${CLASS}-${role}` },
      subjects: [{ kind: 'ServiceAccount', namespace, name }],
    });
  for (const role of held) await untilHeld({ username: serviceAccountUsername(namespace, name) }, role);
  const { stdout } = await kubectl(['create', 'token', name, '--namespace', namespace]);
  const theirs = clientWithToken(stdout.trim());
  clients.push(theirs);
  return theirs;
}

const approve = (
  by: Client,
  name: string,
  approval: object = { decision: 'Approved', reason: 'looked at' },
) => by.patch(taskGrants, { namespace, name }, { type: 'merge', body: { spec: { approval } } });

async function anAwaitingGrant(
  name: string,
  by: Client = client,
  className = CLASS,
): Promise<Stored<TaskGrant>> {
  await by.create(taskGrants, aGrantManifest(namespace, name, { className, envelope }) as TaskGrant);
  return untilPhase(client, { namespace, name }, 'AwaitingApproval');
}

async function issued(name: string): Promise<string[]> {
  const options = { labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY},taskgrant.dev/grant=${name}` };
  const all = await Promise.all([
    listAll(client, serviceAccounts, { namespace }, options),
    listAll(client, roles, { namespace }, options),
    listAll(client, roleBindings, { namespace }, options),
  ]);
  return all.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

function taskgrant(...args: string[]): Promise<Outcome> {
  const path = [folder, dirname(process.execPath), process.env['PATH']].join(delimiter);
  return kubectl(['taskgrant', ...args, '-n', namespace], '', { PATH: path });
}

describe('a grant that is rated so high that its class wants approval', () => {
  test('waits, says for what, shows its risk, and has been given nothing', async () => {
    const grant = await anAwaitingGrant('waits');
    expect(grant.status).toMatchObject({ phase: 'AwaitingApproval', risk: { level: 'High' } });
    expect(grant.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Approved', status: 'False', reason: 'AwaitingApproval' }),
    );
    const { message } = grant.status?.conditions?.find(({ type }) => type === 'Approved') ?? {};
    expect(message).toContain(`approve waits -n ${namespace} --uid ${grant.metadata.uid} --reason`);
    expect(grant.status?.serviceAccountName).toBeUndefined();
    expect(await issued('waits')).toEqual([]);
  });

  test('is not approved in the place of another of its name that somebody has looked at', async () => {
    const place = { namespace, name: 'swapped' };
    const lookedAt = await anAwaitingGrant('swapped');
    await client.remove(taskGrants, place);
    await untilGone(client, taskGrants, place);
    await anAwaitingGrant('swapped');
    const { uid } = lookedAt.metadata;
    const outcome = await taskgrant('approve', 'swapped', '--uid', uid, '--reason', 'looked at');
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('not the one of that UID');
    const body = { metadata: { uid }, spec: { approval: { decision: 'Approved' } } };
    await expect(client.patch(taskGrants, place, { type: 'merge', body })).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining('metadata.uid') as string,
    });
    expect((await client.get(taskGrants, place)).spec.approval).toBeUndefined();
  });

  test('says so to whoever applies it', async () => {
    const { code, stderr } = await apply(aGrantManifest(namespace, 'warned', { className: CLASS, envelope }));
    expect(code).toBe(0);
    expect(stderr).toContain(`kubectl taskgrant approve warned -n ${namespace}`);
  });

  test('becomes active when it is approved, and the record says by whom, whatever they wrote there', async () => {
    const approver = await somebody('approver', 'people', 'approvers');
    const { metadata } = await anAwaitingGrant('approved');
    await approve(approver, 'approved', {
      decision: 'Approved',
      reason: 'looked at',
      decidedBy: { username: 'admin', groups: ['system:masters'] },
      decidedAt: '2020-01-01T00:00:00Z',
      specDigest: 'sha256:0',
    });
    const grant = await untilPhase(client, { namespace, name: 'approved' }, 'Active');
    expect(grant.spec.approval).toMatchObject({
      decision: 'Approved',
      reason: 'looked at',
      decidedBy: { username: `system:serviceaccount:${namespace}:approver` },
      specDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
    expect(grant.spec.approval?.decidedBy?.groups).not.toContain('system:masters');
    expect(Date.parse(grant.spec.approval?.decidedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(metadata.creationTimestamp),
    );
    expect(grant.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Approved', status: 'True', reason: 'Approved' }),
    );
    await expect(approve(approver, 'approved', { decision: 'Denied' })).rejects.toThrow('said once');
  });

  test('is denied when it is denied, and was never given anything', async () => {
    await anAwaitingGrant('denied');
    const approver = await somebody('denier', 'people', 'approvers');
    await approve(approver, 'denied', { decision: 'Denied', reason: 'too much' });
    const grant = await untilFinished(client, { namespace, name: 'denied' });
    expect(grant.status).toMatchObject({ phase: 'Denied' });
    expect(grant.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Approved',
        reason: 'ApprovalDenied',
        message: expect.stringContaining('too much') as string,
      }),
    );
    expect(await issued('denied')).toEqual([]);
  });

  test('is denied when nobody has approved it in its time', async () => {
    await client.create(
      taskGrants,
      aGrantManifest(namespace, 'late', { className: IN_A_HURRY, envelope }) as TaskGrant,
    );
    const grant = await untilFinished(client, { namespace, name: 'late' });
    expect(grant.status).toMatchObject({ phase: 'Denied' });
    expect(grant.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Approved', reason: 'NotApprovedInTime' }),
    );
    expect(await issued('late')).toEqual([]);
  });
});

describe('an approval is refused', () => {
  test('by who asked for the grant, though they may approve', async () => {
    const both = await somebody('both', 'people', 'approvers');
    await anAwaitingGrant('own', both);
    await expect(approve(both, 'own')).rejects.toThrow('ApproverNotIndependent');
  });

  test('by somebody without the verb', async () => {
    await anAwaitingGrant('unasked');
    const bystander = await somebody('bystander', 'people');
    await expect(approve(bystander, 'unasked')).rejects.toThrow('ApprovalNotAllowed');
  });

  test('by the identity of a task', async () => {
    await anAwaitingGrant('by-a-task');
    // Nobody can bind anything to it, and so RBAC is kept out of the way.
    const username = `system:serviceaccount:${namespace}:taskgrant-other-bcdfghjk`;
    const task = client.as({ username, groups: ['system:masters'] });
    await expect(approve(task, 'by-a-task')).rejects.toThrow('ApproverNotIndependent');
  });

  test('at creation', async () => {
    const { code, stderr } = await apply(
      aGrantManifest(namespace, 'at-creation', {
        className: CLASS,
        envelope,
        approval: { decision: 'Approved' },
      }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('ApprovalAtCreation');
  });

  test('of a grant that is active already', async () => {
    await apply(aGrantManifest(namespace, 'active'));
    await untilPhase(client, { namespace, name: 'active' }, 'Active');
    await expect(approve(client, 'active')).rejects.toThrow('ApprovalTooLate');
  });
});

test('what class default would give is nothing that is High: it is refused at once, with every reason', async () => {
  const { code, stderr } = await apply(aGrantManifest(namespace, 'too-high', { envelope }));
  expect(code).toBe(1);
  expect(stderr).toContain('RiskTooHigh spec.envelope.kubernetes: asked High: PodsEntered');
});

describe('kubectl taskgrant', () => {
  test('approve says what was approved, and the grant goes on', async () => {
    const asker = await somebody('asker', 'people');
    await anAwaitingGrant('by-plugin', asker);
    const { code, stdout, stderr } = await taskgrant('approve', 'by-plugin', '--reason', 'looked at');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`taskgrant ${namespace}/by-plugin is approved by `);
    expect(stdout).toContain(`asked by system:serviceaccount:${namespace}:asker: read the input`);
    expect(stdout).toContain('PodsEntered');
    await untilPhase(client, { namespace, name: 'by-plugin' }, 'Active');
  });

  test('approves as somebody else, for who may be them, and in the context that is asked for', async () => {
    const asker = await somebody('asker-there', 'people');
    await anAwaitingGrant('as-other', asker);
    const [username, group] = [`${namespace}-jane`, `${namespace}-approvers`];
    for (const role of ['people', 'approvers'] as const) {
      await client.create(roleBindings, {
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata: { namespace, name: `group-${role}` },
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: `${CLASS}-${role}` },
        subjects: [{ apiGroup: RBAC, kind: 'Group', name: group }],
      });
      await untilHeld({ username, groups: [group] }, role);
    }
    const asked = ['approve', 'as-other', '--reason', 'seen', '--as', username, '--as-group', group];
    const { code, stdout, stderr } = await taskgrant(...asked);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`taskgrant ${namespace}/as-other is approved by ${username}\n`);
    const elsewhere = await taskgrant(...asked, '--context', 'none-such');
    expect(elsewhere).toMatchObject({ code: 2, stdout: '' });
    expect(elsewhere.stderr).toContain('no context none-such');
    const nobody = await taskgrant('approve', 'as-other', '--reason', 'seen', '--as-group', 'system:masters');
    expect(nobody).toMatchObject({ code: 2, stdout: '' });
    expect(nobody.stderr).toContain('say with --as who');
  });

  test('deny says so to programs', async () => {
    const asker = await somebody('asker-too', 'people');
    await anAwaitingGrant('by-json', asker);
    const { code, stdout } = await taskgrant('deny', 'by-json', '--reason', 'no', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      namespace,
      name: 'by-json',
      approval: { decision: 'Denied', reason: 'no' },
      risk: { level: 'High' },
    });
  });

  test('ends with 1 where the cluster refuses, in its words, and with 2 where there is no such grant', async () => {
    await anAwaitingGrant('mine');
    const own = await taskgrant('approve', 'mine', '--reason', 'me');
    expect(own).toMatchObject({ code: 1, stdout: '' });
    expect(own.stderr).toMatch(/ApproverNotIndependent .*a second person.*; \w/u);
    const none = await taskgrant('approve', 'none-such', '--reason', 'me');
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain(`there is no TaskGrant ${namespace}/none-such`);
  });
});
