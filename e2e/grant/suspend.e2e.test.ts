/** A suspended grant: its pod runs on as an identity that may do nothing, and goes on where it was when the grant is resumed. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ENFORCE_LABEL, GRANT_LABEL } from '../../src/api/group.ts';
import type { Pod, Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant, TaskGrantSpec } from '../../src/api/taskgrant.ts';
import { isForbidden } from '../../src/kube/api-error.ts';
import type { Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  configMaps,
  events,
  namespaces,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  taskGrants,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  awaitLog,
  clientWithToken,
  dryRun,
  enforcedNamespace,
  exists,
  floorLeavesOut,
  pastTheFloor,
  kubectl,
  PATIENCE,
  UNGUARDED,
  until,
  untilGone,
  untilFinished,
  untilPhase,
  untilReason,
  untilRefused,
  whoIs,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const RBAC = 'rbac.authorization.k8s.io';
let namespace: string;

beforeAll(async () => {
  namespace = await enforcedNamespace(client, { [ENFORCE_LABEL]: 'granted', [UNGUARDED]: 'true' });
});

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  await floorLeavesOut(client, undefined);
  await client.close();
});

/** Works, until it is refused, until it can work again. */
const WORKS = `
cat /var/run/secrets/kubernetes.io/serviceaccount/token; echo
until kubectl get configmap input 2>&1 | grep Forbidden; do sleep 0.2; done
until kubectl get configmap input --output name; do sleep 0.2; done 2>/dev/null
echo works again
sleep 600`;

const change = (name: string, spec: Partial<TaskGrantSpec>) =>
  client.patch(taskGrants, { namespace, name }, { type: 'merge', body: { spec } });

/** Suspended, and seen to hold nothing. */
const untilTaken = (name: string) => untilReason(client, { namespace, name }, 'Revoked', 'Suspended');

const ofRights = (name: string) => ({ namespace, name: `taskgrant:${namespace}:${name}` });

async function anActiveGrant(name: string, spec: Partial<TaskGrantSpec> = {}): Promise<Stored<TaskGrant>> {
  expect(await apply(aGrantManifest(namespace, name, spec))).toMatchObject({ stderr: '', code: 0 });
  return untilPhase(client, { namespace, name }, 'Active');
}

async function aRunningPod(name: string, script: string): Promise<Stored<Pod>> {
  expect(await apply(aPodManifest(namespace, name, name, script))).toMatchObject({ stderr: '', code: 0 });
  const pod = await until(
    client,
    pods,
    { namespace, name },
    'running',
    (found) => found?.status?.phase === 'Running',
  );
  if (!pod) throw new Error('a running pod exists');
  return pod;
}

describe('a grant whose pod runs', () => {
  const name = 'paused';
  const read = () => thief.get(configMaps, { namespace, name: 'input' });
  let grant: Stored<TaskGrant>;
  let pod: Stored<Pod>;
  let thief: Client;

  test('is suspended: its rights are gone and seen to be gone, its account and its pod stay', async () => {
    grant = await anActiveGrant(name, {
      workload: { ...aGrantManifest('', '').spec.workload, maxPods: 2, allowExec: false },
    });
    pod = await aRunningPod(name, WORKS);
    thief = clientWithToken(await awaitLog(pod, /^ey[\w-]+\.[\w-]+\.[\w-]+$/m));
    await read();

    await change(name, { suspend: true });
    const { status } = await untilTaken(name);
    await expect(read()).rejects.toSatisfy(isForbidden);
    expect(status?.phase).toBe('Suspended');
    const { requestedAt = '', rbacRemovedAt = '', verifiedAt = '', reason } = status?.suspension ?? {};
    expect(reason).toBe('Suspended');
    expect([requestedAt, rbacRemovedAt, verifiedAt].toSorted()).toEqual([
      requestedAt,
      rbacRemovedAt,
      verifiedAt,
    ]);
    expect(await exists(client, roles, ofRights(name))).toBe(false);
    expect(await exists(client, roleBindings, ofRights(name))).toBe(false);
    const account = { namespace, name: grant.status?.serviceAccountName ?? '' };
    expect(await whoIs(thief)).toBe(`system:serviceaccount:${namespace}:${account.name}`);
    expect(status?.inventory).toMatchObject([{ kind: 'ServiceAccount', name: account.name }]);
    expect(status?.expiresAt).toBe(grant.status?.expiresAt);
  });

  test('its program is told Forbidden', async () => {
    await awaitLog(pod, /Forbidden/);
  });

  test('kubectl get shows that it is suspended, and why', async () => {
    const { stdout } = await kubectl(['get', 'taskgrant', name, '--namespace', namespace, '-o', 'wide']);
    expect(stdout).toMatch(new RegExp(`^${name} +Suspended +.* +Suspended *$`, 'm'));
  });

  test('takes no new pod, which does not wait for it either', async () => {
    const another = aPodManifest(namespace, 'another', name, 'true');
    const { stderr } = await untilRefused(another, [`GrantNotActive metadata.labels[${GRANT_LABEL}]`]);
    expect(stderr).toMatch(/GrantNotActive .*paused, which is Suspended: .*spec\.suspend is true/);
  });

  test('is resumed: the same account, pod and token go on with the same rights', async () => {
    await change(name, { suspend: false });
    const again = await untilPhase(client, { namespace, name }, 'Active');
    // The authorizer hears of the binding a moment later.
    await vi.waitFor(read, PATIENCE);
    await awaitLog(pod, /works again/);
    expect(again.status).toMatchObject({
      serviceAccountName: grant.status?.serviceAccountName,
      activatedAt: grant.status?.activatedAt,
      expiresAt: grant.status?.expiresAt,
      decision: grant.status?.decision,
      podsUsed: '1/2',
    });
    expect(again.status?.suspension).toBeUndefined();
    expect((await client.get(pods, { namespace, name })).metadata.uid).toBe(pod.metadata.uid);
  });

  test('Events tell of it', async () => {
    const story = async () =>
      (await listAll(client, events, { namespace }))
        .filter(({ regarding }) => regarding?.name === name && regarding.kind === 'TaskGrant')
        .map(({ action, reason }) => `${action ?? ''} ${reason ?? ''}`);
    const parts = ['Suspend Suspended', 'Verify Verified', 'Resume Active'];
    await expect.poll(story, { timeout: 30_000 }).toEqual(expect.arrayContaining(parts));
  });

  test('ends as every other does', async () => {
    await change(name, { revoke: true });
    const ended = await untilFinished(client, { namespace, name });
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Revoked' } });
    await untilGone(client, pods, { namespace, name });
  });
});

describe('a suspended grant ends', () => {
  const ended = async (name: string): Promise<Stored<TaskGrant>> => {
    const grant = await untilFinished(client, { namespace, name });
    const { serviceAccountName = '', suspension, revocation } = grant.status ?? {};
    expect(await exists(client, serviceAccounts, { namespace, name: serviceAccountName })).toBe(false);
    expect(suspension).toBeUndefined();
    expect(revocation?.verifiedAt).toBeDefined();
    return grant;
  };

  const suspended = async (name: string, spec: Partial<TaskGrantSpec> = {}) => {
    await anActiveGrant(name, spec);
    await change(name, { suspend: true });
    await untilTaken(name);
  };

  test('when it is revoked', async () => {
    await suspended('revoked');
    await change('revoked', { revoke: true });
    expect((await ended('revoked')).status?.phase).toBe('Revoked');
  });

  test('when its time is over, which has gone on', async () => {
    await suspended('expires', { duration: '20s' });
    const { status } = await ended('expires');
    expect(status?.phase).toBe('Expired');
    const sinceActivation =
      Date.parse(status?.revocation?.requestedAt ?? '') - Date.parse(status?.activatedAt ?? '');
    expect(sinceActivation).toBeGreaterThanOrEqual(20_000);
  });

  test('when it is deleted', async () => {
    await suspended('deleted');
    const { status } = await client.get(taskGrants, { namespace, name: 'deleted' });
    await client.remove(taskGrants, { namespace, name: 'deleted' });
    await untilGone(client, taskGrants, { namespace, name: 'deleted' });
    const account = { namespace, name: status?.serviceAccountName ?? '' };
    expect(await exists(client, serviceAccounts, account)).toBe(false);
  });

  test('when its pods are done', async () => {
    await anActiveGrant('done');
    const pod = await aRunningPod(
      'done',
      'until kubectl get configmap input 2>&1 | grep Forbidden; do sleep 0.2; done',
    );
    await change('done', { suspend: true });
    const { status } = await ended('done');
    expect(status).toMatchObject({
      phase: 'Completed',
      pods: [{ uid: pod.metadata.uid, phase: 'Succeeded' }],
    });
  });

  test('when its account is gone', async () => {
    await suspended('homeless');
    const { status } = await client.get(taskGrants, { namespace, name: 'homeless' });
    await pastTheFloor(client, () =>
      client.remove(serviceAccounts, { namespace, name: status?.serviceAccountName ?? '' }),
    );
    expect((await ended('homeless')).status?.revocation?.reason).toBe('Drifted');
  });
});

describe('what was issued and is changed by somebody, where the grant is to be suspended on drift,', () => {
  const widen = (name: string) =>
    client.patch(roles, ofRights(name), {
      type: 'json',
      body: [{ op: 'add', path: '/rules/0/verbs/-', value: 'delete' }],
    });

  test('is removed, stays so until somebody has looked, and is then as it was decided', async () => {
    const grant = await anActiveGrant('tampered', { onDrift: 'Suspend' });
    await pastTheFloor(client, () => widen('tampered'));
    const { status } = await untilTaken('tampered');
    expect(status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    expect(status?.conditions?.find(({ type }) => type === 'Active')).toMatchObject({
      reason: 'Drifted',
      message: expect.stringContaining('has other rules') as string,
    });
    expect(await exists(client, roles, ofRights('tampered'))).toBe(false);

    await change('tampered', { suspend: true });
    await untilReason(client, { namespace, name: 'tampered' }, 'Active', 'Suspended');
    await change('tampered', { suspend: false });
    await untilPhase(client, { namespace, name: 'tampered' }, 'Active');
    const role = await client.get(roles, ofRights('tampered'));
    expect(role.rules?.map(({ verbs }) => verbs)).toEqual([['get']]);
    expect(grant.status?.decision).toBeDefined();
  });

  test('ends the grant all the same where it is the account', async () => {
    const { status } = await anActiveGrant('renamed', { onDrift: 'Suspend' });
    await pastTheFloor(client, () =>
      client.remove(serviceAccounts, { namespace, name: status?.serviceAccountName ?? '' }),
    );
    const ended = await untilFinished(client, { namespace, name: 'renamed' });
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
  });
});

test('what is refused when a grant is resumed is tried again, and nothing is left in between', async () => {
  await anActiveGrant('crowded');
  await change('crowded', { suspend: true });
  await untilTaken('crowded');
  const quota = { namespace, name: 'no-bindings' };
  await apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: quota,
    spec: { hard: { 'count/rolebindings.rbac.authorization.k8s.io': '0' } },
  });
  const binding = {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { namespace, name: 'one-more' },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'none' },
    subjects: [],
  };
  // In force as soon as the quota controller has counted once, and the API server has heard of it.
  await vi.waitFor(async () => {
    expect((await dryRun(binding)).stderr).toContain('exceeded quota');
  }, PATIENCE);
  await change('crowded', { suspend: false });
  const { status } = await untilReason(
    client,
    { namespace, name: 'crowded' },
    'Provisioned',
    'CreationRefused',
  );
  expect(status?.phase).toBe('Suspended');
  expect(await exists(client, roles, ofRights('crowded'))).toBe(false);
  await kubectl(['delete', '--namespace', namespace, 'resourcequota', quota.name]);
  await untilPhase(client, { namespace, name: 'crowded' }, 'Active');
});

test('a grant that is created suspended waits, and its time begins when it is resumed', async () => {
  await apply(aGrantManifest(namespace, 'later', { suspend: true }));
  const place = { namespace, name: 'later' };
  const { status } = await untilReason(client, place, 'Active', 'Suspended');
  expect(status).toMatchObject({ phase: 'Pending' });
  expect(status?.activatedAt).toBeUndefined();
  await change('later', { suspend: false });
  await untilPhase(client, place, 'Active');
});
