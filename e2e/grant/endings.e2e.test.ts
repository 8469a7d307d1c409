/** However a grant ends, and whatever is in the way: nothing of it is left, and the receipt says why. */
import { afterAll, describe, expect, test } from 'vitest';
import type { KubernetesObject, Stored, Subject } from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { GRANT_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../../src/api/group.ts';
import { RESOURCES } from '../../src/controller/observe.ts';
import { serviceAccountUsername, type Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  configMaps,
  namespaces,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  taskGrants,
  type Resource,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  exists,
  floorLeavesOut,
  pastTheFloor,
  UNGUARDED,
  notesOn,
  until,
  untilGone,
  untilFinished,
  untilPhase,
  untilTold,
  testNamespaces,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const ownNamespaces = testNamespaces(client);

afterAll(async () => {
  await ownNamespaces.removeAll();
  await client.close();
});

/** An active grant with a pod that runs until it is stopped, and rights in a second namespace too. */
async function aRunningTask(name: string, spec: Partial<TaskGrant['spec']> = {}) {
  const [namespace, other] = [await ownNamespaces.create(), await ownNamespaces.create()];
  const { stderr } = await apply(
    aGrantManifest(namespace, name, {
      envelope: {
        kubernetes: [
          { namespaces: [namespace, other], apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
        ],
        tokens: [{ name: 'api', expirationSeconds: 600 }],
      },
      ...spec,
    }),
  );
  expect(stderr).toBe('');
  const place = { namespace, name };
  // A pod's creation waits for its grant as well, but on a busy machine not always for long enough.
  await untilPhase(client, place, 'Active');
  expect((await apply(aPodManifest(namespace, name, name, 'sleep 600'))).stderr).toBe('');
  await until(client, pods, place, 'running', (pod) => pod?.status?.phase === 'Running');
  return { place, other, grant: await client.get(taskGrants, place) };
}

const KINDS = ['ServiceAccount', 'Role', 'RoleBinding'] as const;

/** Everything anywhere that was made for this grant, by label and by its inventory. */
async function leftOf({ metadata, status }: Stored<TaskGrant>): Promise<string[]> {
  const labelSelector = `${MANAGED_BY_LABEL}=${MANAGED_BY},taskgrant.dev/grant-uid=${metadata.uid}`;
  const found = await Promise.all([
    listAll(client, serviceAccounts, {}, { labelSelector }),
    listAll(client, roles, {}, { labelSelector }),
    listAll(client, roleBindings, {}, { labelSelector }),
  ]);
  const labelled = KINDS.flatMap((kind, index) =>
    (found[index] ?? []).map(({ metadata: { namespace = '', name } }) => `${kind} ${namespace}/${name}`),
  );
  const recorded = await Promise.all(
    (status?.inventory ?? []).map(async ({ kind, namespace, name }) =>
      (await exists(client, RESOURCES[kind], { namespace, name })) ? [`${kind} ${namespace}/${name}`] : [],
    ),
  );
  return [...new Set([...labelled, ...recorded.flat()])];
}

test('what is made for a grant is found by its label while it is active', async () => {
  const { grant } = await aRunningTask('labelled');
  expect(await leftOf(grant)).toHaveLength(5);
});

describe('a grant ends', () => {
  test('when it is revoked: its pod is stopped, and it stays readable with its receipt', async () => {
    const { place, grant } = await aRunningTask('revoked');
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { revoke: true } } });
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Revoked' } });
    expect(await leftOf(grant)).toEqual([]);
    await untilGone(client, pods, place);
  });

  test('when its time is over, though its pod still runs', async () => {
    const { place, grant } = await aRunningTask('expires');
    // Said when the pod runs already: nobody knows how long a busy node takes to start it.
    const runsFor = Date.now() - Date.parse(grant.status?.activatedAt ?? '');
    const seconds = Math.ceil(runsFor / 1000) + 5;
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { duration: `${seconds}s` } } });
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Expired', revocation: { reason: 'Expired' } });
    const { activatedAt = '', revocation } = ended.status ?? {};
    expect(Date.parse(revocation?.requestedAt ?? '') - Date.parse(activatedAt)).toBeGreaterThanOrEqual(
      seconds * 1000,
    );
    expect(await leftOf(grant)).toEqual([]);
    await untilGone(client, pods, place);
  });

  test('when its duration is shortened to less than what has passed', async () => {
    const { place, grant } = await aRunningTask('shortened');
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { duration: '1s' } } });
    expect((await untilFinished(client, place)).status?.phase).toBe('Expired');
    expect(await leftOf(grant)).toEqual([]);
  });

  test('when it is deleted: the object goes only after everything that was made for it', async () => {
    const { place, grant } = await aRunningTask('deleted');
    await client.remove(taskGrants, place);
    await untilGone(client, taskGrants, place);
    expect(await leftOf(grant)).toEqual([]);
    await untilGone(client, pods, place);
  });

  test('when its namespace is deleted: the namespace goes, and so does what stood in another one', async () => {
    const { place, other, grant } = await aRunningTask('homeless');
    expect(
      await exists(client, roles, { namespace: other, name: `taskgrant:${place.namespace}:homeless` }),
    ).toBe(true);
    await client.remove(namespaces, { name: place.namespace });
    await untilGone(client, namespaces, { name: place.namespace }, 90_000);
    expect(await leftOf(grant)).toEqual([]);
  });

  test('and leaves its pods running where it says so, without rights', async () => {
    const { place, grant } = await aRunningTask('left', {
      completion: { succeeded: 1, podsRunning: 'Leave' },
    });
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { revoke: true } } });
    await untilFinished(client, place);
    expect(await leftOf(grant)).toEqual([]);
    const pod = await client.get(pods, place);
    expect(pod.metadata.deletionTimestamp).toBeUndefined();
    expect(pod.status?.phase).toBe('Running');
  });

  test('and is removed when its receipt has been readable for its time', async () => {
    const { place } = await aRunningTask('brief', { ttlAfterFinished: '1s' });
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { revoke: true } } });
    await untilGone(client, taskGrants, place);
  });
});

describe('what was issued and is changed by somebody', () => {
  const tamper: Record<
    string,
    (admin: Client, place: { namespace: string; name: string }, grant: Stored<TaskGrant>) => Promise<unknown>
  > = {
    'a Role that was widened': (admin, { namespace, name }) =>
      admin.patch(
        roles,
        { namespace, name: `taskgrant:${namespace}:${name}` },
        { type: 'json', body: [{ op: 'add', path: '/rules/0/verbs/-', value: 'delete' }] },
      ),
    'a binding to which somebody was added': (admin, { namespace, name }) =>
      admin.patch(
        roleBindings,
        { namespace, name: `taskgrant:${namespace}:${name}` },
        {
          type: 'json',
          body: [
            { op: 'add', path: '/subjects/-', value: { kind: 'ServiceAccount', name: 'default', namespace } },
          ],
        },
      ),
    'a Role that was taken out of sight by its label': (admin, { namespace, name }) =>
      admin.patch(
        roles,
        { namespace, name: `taskgrant:${namespace}:${name}` },
        { type: 'merge', body: { metadata: { labels: { [MANAGED_BY_LABEL]: null } } } },
      ),
    'a binding that was labelled as another grant’s': (admin, { namespace, name }) =>
      admin.patch(
        roleBindings,
        { namespace, name: `taskgrant:${namespace}:${name}` },
        { type: 'merge', body: { metadata: { labels: { [GRANT_LABEL]: 'another' } } } },
      ),
    'a binding, and a Role, that are deleted and held by dependents that stay': (
      admin,
      { namespace, name },
    ) => {
      const place = { namespace, name: `taskgrant:${namespace}:${name}` };
      return deleteAndHold(admin, place, [roleBindings, roles]);
    },
    'an account that is deleted and held by a dependent that stays': (admin, { namespace }, { status }) =>
      deleteAndHold(admin, { namespace, name: status?.serviceAccountName ?? '' }, [serviceAccounts]),
    'an account that mounts its token by itself': (admin, { namespace }, grant) =>
      admin.patch(
        serviceAccounts,
        { namespace, name: grant.status?.serviceAccountName ?? '' },
        { type: 'merge', body: { automountServiceAccountToken: true } },
      ),
    'an account with a pull secret': (admin, { namespace }, grant) =>
      putOnAccount(admin, namespace, grant, { imagePullSecrets: [{ name: 'password' }] }),
    'an account with a Secret': (admin, { namespace }, grant) =>
      putOnAccount(admin, namespace, grant, { secrets: [{ name: 'password' }] }),
    'an account that another identity system knows': (admin, { namespace }, grant) =>
      putOnAccount(admin, namespace, grant, {
        metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' } },
      }),
    'an account to which somebody bound more': (admin, { namespace }, grant) =>
      bind(admin, namespace, {
        kind: 'ServiceAccount',
        namespace,
        name: grant.status?.serviceAccountName ?? '',
      }),
    'an account to whose user somebody bound more': (admin, { namespace }, grant) =>
      bind(admin, namespace, {
        apiGroup: RBAC,
        kind: 'User',
        name: serviceAccountUsername(namespace, grant.status?.serviceAccountName ?? ''),
      }),
    'an account that was deleted': (admin, { namespace }, grant) =>
      admin.remove(serviceAccounts, { namespace, name: grant.status?.serviceAccountName ?? '' }),
  };

  afterAll(() => floorLeavesOut(client, undefined));

  test.each(Object.keys(tamper))('%s ends the grant', async (what) => {
    const { place, grant } = await aRunningTask('tampered');
    const labels = { type: 'merge', body: { metadata: { labels: { [UNGUARDED]: 'true' } } } } as const;
    await client.patch(namespaces, { name: place.namespace }, labels);
    await pastTheFloor(client, async () => tamper[what]?.(client, place, grant));
    const ended = await untilFinished(client, place);
    expect(ended.status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
    expect(await leftOf(grant)).toEqual([]);
    const regarded = { kind: 'TaskGrant', ...place };
    await untilTold(client, regarded, 'Verified');
    expect(await notesOn(client, regarded, 'Drifted', 'Warning')).toHaveLength(1);
  });
});

const RBAC = 'rbac.authorization.k8s.io';

/** To be let go of, or their namespaces would stay. */
const dependents: { namespace: string; name: string }[] = [];

afterAll(async () => {
  const released = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
  for (const place of dependents) await client.patch(configMaps, place, released);
});

/** What is deleted in the foreground stays until its dependents are gone, and somebody’s finalizer keeps these. */
async function deleteAndHold(
  admin: Client,
  place: { namespace: string; name: string },
  kinds: readonly Resource<KubernetesObject>[],
): Promise<void> {
  const { namespace, name } = place;
  for (const what of kinds) {
    const { apiVersion, kind, metadata } = await admin.get(what, place);
    const dependent = await admin.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        namespace,
        name: `dependent-${metadata.uid}`,
        finalizers: ['example.com/hold'],
        ownerReferences: [{ apiVersion, kind, name, uid: metadata.uid, blockOwnerDeletion: true }],
      },
    });
    dependents.push({ namespace, name: dependent.metadata.name });
  }
  // The controller may be faster with the second.
  await Promise.allSettled(
    kinds.map((what) => admin.remove(what, place, { propagationPolicy: 'Foreground' })),
  );
}

function putOnAccount(
  admin: Client,
  namespace: string,
  { status }: Stored<TaskGrant>,
  body: object,
): Promise<unknown> {
  const place = { namespace, name: status?.serviceAccountName ?? '' };
  return admin.patch(serviceAccounts, place, { type: 'merge', body });
}

/** To a role that is not there: what matters is whom it names. */
function bind(admin: Client, namespace: string, subject: Subject): Promise<unknown> {
  return admin.create(roleBindings, {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { namespace, name: 'more' },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'none' },
    subjects: [subject],
  });
}

test('a grant that was deleted and created again has another account', async () => {
  const namespace = await ownNamespaces.create();
  const place = { namespace, name: 'again' };
  const names: (string | undefined)[] = [];
  for (let round = 0; round < 2; round++) {
    await apply(aGrantManifest(namespace, 'again'));
    names.push((await untilPhase(client, place, 'Active')).status?.serviceAccountName);
    await client.remove(taskGrants, place);
    await untilGone(client, taskGrants, place);
  }
  expect(names[0]).toBeDefined();
  expect(names[1]).not.toBe(names[0]);
});
