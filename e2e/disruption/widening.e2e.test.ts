/**
 * What the floor and the webhooks refuse, and gets through all the same: because a cluster admin has changed them, or because they were
 * out. Each is found, told of in an Event and a metric, and ends what it widened.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ENFORCE_LABEL } from '../../src/api/group.ts';
import type { ClusterRoleBinding, RoleBinding, Stored, Subject } from '../../src/api/kubernetes.ts';
import type { TaskGrant, TaskGrantSpec } from '../../src/api/taskgrant.ts';
import { installCrds } from '../../src/controller/install-crds.ts';
import { serviceAccountUsername, type JsonPatchOperation } from '../../src/kube/client.ts';
import {
  clusterRoleBindings,
  customResourceDefinitions,
  leases,
  namespaces,
  resource,
  roleBindings,
  taskGrants,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { NAMESPACE, RELEASE } from '../product/install.ts';
import {
  aGrantManifest,
  apply,
  kubectl,
  notesOn,
  testNamespaces,
  until,
  untilFinished,
  untilPhase,
  untilReason,
  untilTold,
} from '../grant/testbed.ts';

const client = testClient(clusterKubeConfig());
const ownNamespaces = testNamespaces(client);
const RBAC = 'rbac.authorization.k8s.io';

afterAll(async () => {
  await ownNamespaces.removeAll();
  await client.close();
});

/** What takes effect a while later: a policy or a webhook configuration that was changed, a metric, an Event. */
const SOON = { timeout: 60_000, interval: 200 };
const eventually = <T>(attempt: () => Promise<T> | T): Promise<T> => vi.waitFor(attempt, SOON);

async function anActiveGrant(spec: Partial<TaskGrantSpec> = {}): Promise<Stored<TaskGrant>> {
  const namespace = await ownNamespaces.create();
  const { code, stderr } = await apply(aGrantManifest(namespace, 'task', spec));
  expect(code, stderr).toBe(0);
  return untilPhase(client, { namespace, name: 'task' }, 'Active');
}

const placeOf = ({ metadata: { namespace, name } }: Stored<TaskGrant>) => ({ namespace, name });

/** The one sample of the replica that leads; 0 where there is none yet. */
async function metric(sample: string): Promise<number> {
  const { spec } = await client.get(leases, { namespace: NAMESPACE, name: `${RELEASE}-controller` });
  const pod = spec?.holderIdentity ?? '';
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:8080/proxy/metrics`;
  const { stdout, stderr, code } = await kubectl(['get', '--raw', path]);
  if (code !== 0) throw new Error(stderr);
  const line = stdout.split('\n').find((one) => one.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? 0);
}

const ofGrant = (grant: Stored<TaskGrant>) => ({ kind: 'TaskGrant', ...placeOf(grant) });

/** Deny as the chart has it, or Audit: then what is refused otherwise gets through. */
async function floorSays(policy: string, action: 'Deny' | 'Audit'): Promise<void> {
  const body = { spec: { validationActions: [action] } };
  await client.patch(
    validatingAdmissionPolicyBindings,
    { name: `${RELEASE}-${policy}` },
    { type: 'merge', body },
  );
}

describe('what others bind', () => {
  const made: (() => Promise<unknown>)[] = [];

  beforeAll(() => floorSays('subjects', 'Audit'));
  afterAll(async () => {
    await floorSays('subjects', 'Deny');
    for (const remove of made) await remove();
  });

  /** Edit everywhere, or in a namespace. */
  async function bind(
    namespace: string | undefined,
    ...subjects: readonly Subject[]
  ): Promise<Stored<RoleBinding>> {
    const metadata = { generateName: 'widening-' };
    const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: 'edit' };
    const binding = { apiVersion: `${RBAC}/v1`, roleRef, subjects: [...subjects] };
    if (namespace !== undefined)
      return eventually(() =>
        client.create<RoleBinding>(roleBindings, {
          ...binding,
          kind: 'RoleBinding',
          metadata: { ...metadata, namespace },
        }),
      );
    const created = await eventually(() =>
      client.create<ClusterRoleBinding>(clusterRoleBindings, {
        ...binding,
        kind: 'ClusterRoleBinding',
        metadata,
      }),
    );
    made.push(() => client.remove(clusterRoleBindings, { name: created.metadata.name }));
    return { ...created, kind: 'RoleBinding' };
  }

  const account = ({ metadata, status }: Stored<TaskGrant>): Subject => ({
    kind: 'ServiceAccount',
    namespace: metadata.namespace,
    name: status?.serviceAccountName ?? '',
  });
  const user = (grant: Stored<TaskGrant>): Subject => ({
    apiGroup: RBAC,
    kind: 'User',
    name: serviceAccountUsername(grant.metadata.namespace, grant.status?.serviceAccountName ?? ''),
  });
  const groupOf = (namespace: string): Subject => ({
    apiGroup: RBAC,
    kind: 'Group',
    name: `system:serviceaccounts:${namespace}`,
  });

  test.each<[string, (grant: Stored<TaskGrant>) => Subject, boolean, TaskGrantSpec['onDrift']]>([
    ['the account of a grant, everywhere', account, true, 'Revoke'],
    ['its user, everywhere', user, true, 'Revoke'],
    ['the account, in a namespace that is not the grant’s', account, false, 'Revoke'],
    ['the account of a grant that says Suspend: suspended, it has to hold nothing', account, true, 'Suspend'],
  ])('to %s, ends the grant', async (_what, subject, everywhere, onDrift) => {
    const ended = 'taskgrant_ended_total{reason="Drifted"}';
    const before = await metric(ended);
    const grant = await anActiveGrant({ onDrift });
    const binding = await bind(everywhere ? undefined : await ownNamespaces.create(), subject(grant));
    const { status } = await untilFinished(client, placeOf(grant));
    expect(status).toMatchObject({ phase: 'Revoked', revocation: { reason: 'Drifted' } });
    const notes = await untilTold(client, ofGrant(grant), 'Drifted');
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(binding.metadata.name);
    await expect.poll(() => metric(ended), SOON).toBeGreaterThan(before);
  });

  test('to all accounts of its namespace, there, since it is active, suspends a grant that says so, until it is gone and somebody has looked', async () => {
    const grant = await anActiveGrant({ onDrift: 'Suspend' });
    const { namespace } = grant.metadata;
    const since = Date.parse(grant.status?.activatedAt ?? '');
    // Bindings know whole seconds only, and what may have been there before counts as that.
    const binding = await eventually(async () => {
      const made = await bind(namespace, groupOf(namespace));
      if (Date.parse(made.metadata.creationTimestamp) > since) return made;
      await client.remove(roleBindings, { namespace, name: made.metadata.name });
      throw new Error('it is not younger than the grant is active');
    });
    const { status } = await untilReason(client, placeOf(grant), 'Revoked', 'Suspended');
    expect(status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    expect(status?.serviceAccountName).toBe(grant.status?.serviceAccountName);
    await expect
      .poll(() => notesOn(client, ofGrant(grant), 'Drifted'), SOON)
      .toEqual([expect.stringContaining(`RoleBinding ${namespace}/${binding.metadata.name}`)]);

    const toggle = async () => {
      const change = (suspend: boolean) =>
        client.patch(taskGrants, placeOf(grant), { type: 'merge', body: { spec: { suspend } } });
      await change(true);
      await until(
        client,
        taskGrants,
        placeOf(grant),
        'somebody’s',
        (found) => found?.status?.suspension?.reason === 'Suspended',
      );
      await change(false);
    };
    const untilRated = (what: string, isSo: (isNamed: boolean) => boolean) =>
      until(client, taskGrants, placeOf(grant), what, (found) =>
        isSo(JSON.stringify(found?.status?.risk ?? {}).includes(binding.metadata.name)),
      );
    await toggle();
    await untilReason(client, placeOf(grant), 'Accepted', 'Drifted');
    await untilRated('rated with the binding', (isNamed) => isNamed);
    await client.remove(roleBindings, { namespace, name: binding.metadata.name });
    // Looked at before the controller has heard of that, it would be found drifted, and wait for somebody to look once more.
    await untilRated('rated without the binding', (isNamed) => !isNamed);
    await toggle();
    await untilPhase(client, placeOf(grant), 'Active');
  });

  test('to that group by who may do so anyway, everywhere or elsewhere, is told of and ends nothing', async () => {
    const raised = 'taskgrant_risk_raised_total{risk="Critical"}';
    const before = await metric(raised);
    const grant = await anActiveGrant();
    const { namespace } = grant.metadata;
    await bind(await ownNamespaces.create(), groupOf(namespace));
    const notEnforced = await ownNamespaces.create({});
    await bind(notEnforced, groupOf(namespace), groupOf(notEnforced));
    await bind(undefined, groupOf(namespace));
    const { status } =
      (await until(
        client,
        taskGrants,
        placeOf(grant),
        'Critical',
        (found) => found?.status?.risk?.level === 'Critical',
      )) ?? grant;
    expect(status?.phase).toBe('Active');
    await untilTold(client, ofGrant(grant), 'RiskRaised');
    await expect.poll(() => metric(raised), SOON).toBeGreaterThan(before);
  });
});

const isTampered = (kind: string, name: string) =>
  metric(`taskgrant_tampered{kind="${kind}",name="${name}"}`);

/** Told of, as it should be, and no longer wrong once it is mended. */
async function isAlarmed(kind: string, name: string, words: string): Promise<void> {
  await expect.poll(() => isTampered(kind, name), SOON).toBe(1);
  await expect
    .poll(async () => (await notesOn(client, { kind, name }, 'Tampered'))[0], SOON)
    .toContain(words);
}

async function isOver(kind: string, name: string): Promise<void> {
  await expect.poll(() => isTampered(kind, name), SOON).toBe(0);
  await untilTold(client, { kind, name }, 'AsInstalled');
}

describe('a webhook configuration that somebody edits', () => {
  const kind = 'ValidatingWebhookConfiguration';
  const place = { name: RELEASE };

  /** With the webhook for the labels of namespaces changed so, while the work is done. */
  async function whileNamespacesAre(rule: object, work: () => Promise<void>): Promise<void> {
    const { webhooks = [] } = await client.get(validatingWebhookConfigurations, place);
    const edited = webhooks.map((webhook) =>
      webhook.name === 'namespaces.taskgrant.dev' ? { ...webhook, ...rule } : webhook,
    );
    const write = (list: typeof webhooks) =>
      client.patch(validatingWebhookConfigurations, place, { type: 'merge', body: { webhooks: list } });
    await write(edited);
    try {
      await work();
    } finally {
      await write(webhooks);
    }
    await isOver(kind, RELEASE);
  }

  test('leaving pods judged raises an alarm, and nothing becomes active until it is mended', async () => {
    const namespace = await ownNamespaces.create();
    const waiting = { namespace, name: 'waiting' };
    await whileNamespacesAre({ failurePolicy: 'Ignore' }, async () => {
      await isAlarmed(kind, RELEASE, 'failurePolicy is "Ignore", and was installed as "Fail"');
      expect(await metric('taskgrant_enforcement_proven')).toBe(0);
      await apply(aGrantManifest(namespace, 'waiting'));
      const { status } = await untilReason(client, waiting, 'Enforced', 'EnforcementNotProven');
      expect(status).toMatchObject({ phase: 'Pending' });
    });
    await untilPhase(client, waiting, 'Active');
    expect(await metric('taskgrant_enforcement_proven')).toBe(1);
  });

  test.each(['status', 'finalize'] as const)(
    'lets the label of a namespace go through namespaces/%s: its grants say so, and are counted',
    async (subresource) => {
      const grant = await anActiveGrant();
      const { namespace } = grant.metadata;
      const rules = [
        {
          operations: ['UPDATE'],
          apiGroups: [''],
          apiVersions: ['v1'],
          resources: ['namespaces'],
          scope: 'Cluster',
        },
      ];
      await whileNamespacesAre({ rules }, async () => {
        await eventually(async () => {
          const found = structuredClone(await client.get(namespaces, { name: namespace }));
          delete found.metadata.labels?.[ENFORCE_LABEL];
          await client.replace(namespaces, found, { subresource });
        });
        const { status } = await untilReason(client, placeOf(grant), 'Enforced', 'NamespaceNotEnforced');
        expect(status?.phase).toBe('Active');
        await untilTold(client, ofGrant(grant), 'NamespaceNotEnforced');
        await expect.poll(() => metric('taskgrant_unenforced_grants'), SOON).toBeGreaterThan(0);
      });
      const labels = { [ENFORCE_LABEL]: 'granted' };
      await client.patch(namespaces, { name: namespace }, { type: 'merge', body: { metadata: { labels } } });
      await untilReason(client, placeOf(grant), 'Enforced', 'Enforced');
    },
  );
});

describe('the floor', () => {
  const name = `${RELEASE}-binding-labels`;
  const kind = 'ValidatingAdmissionPolicyBinding';

  test('that somebody changes raises an alarm, and grants become active as before: what it refuses is watched', async () => {
    await floorSays('binding-labels', 'Audit');
    try {
      await isAlarmed(kind, name, 'validationActions[0] is "Audit", and was installed as "Deny"');
      await anActiveGrant();
    } finally {
      await floorSays('binding-labels', 'Deny');
    }
    await isOver(kind, name);
  });

  test('that somebody takes away raises one, too', async () => {
    const { apiVersion, metadata, spec } = await client.get(validatingAdmissionPolicyBindings, { name });
    await client.remove(validatingAdmissionPolicyBindings, { name });
    try {
      await isAlarmed(kind, name, 'it is gone');
    } finally {
      const { labels = {}, annotations = {} } = metadata;
      await client.create(validatingAdmissionPolicyBindings, {
        apiVersion,
        kind,
        metadata: { name, labels, annotations },
        spec,
      });
    }
    await isOver(kind, name);
  });
});

describe('a CRD', () => {
  const kind = 'CustomResourceDefinition';
  const name = 'taskgrants.taskgrant.dev';
  const versions = '/spec/versions';
  const edit = (...body: JsonPatchOperation[]) =>
    client.patch(customResourceDefinitions, { name }, { type: 'json', body });

  test('without its rules raises an alarm, and widens no grant', async () => {
    const grant = await anActiveGrant();
    const change = (spec: object) =>
      client.patch(taskGrants, placeOf(grant), { type: 'merge', body: { spec } });
    const schema = `${versions}/0/schema/openAPIV3Schema/properties/spec`;
    await edit(
      ...[schema, `${schema}/properties/envelope`, `${schema}/properties/duration`].map((path) => ({
        op: 'remove' as const,
        path: `${path}/x-kubernetes-validations`,
      })),
    );
    try {
      await isAlarmed(kind, name, 'is not as this version wants it');
      // The API server takes a moment to judge by the schema that it has been given.
      await eventually(() =>
        expect(change({ envelope: { secrets: ['billing'] } })).rejects.toThrow(
          'GrantImmutable spec.envelope',
        ),
      );
      await expect(change({ duration: '20h' })).rejects.toThrow('GrantImmutable spec.duration');
      await change({ revoke: true });
      await expect(change({ revoke: false })).rejects.toThrow('GrantImmutable spec.revoke');
    } finally {
      await installCrds(client, () => undefined, AbortSignal.timeout(60_000));
    }
    await isOver(kind, name);
  });

  test('served in a version without any rules raises one, too, and widens no grant', async () => {
    const grant = await anActiveGrant();
    const another = resource<TaskGrant>('taskgrant.dev/v0', 'TaskGrant', 'taskgrants', 'Namespaced');
    const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const value = { name: 'v0', served: true, storage: false, schema: { openAPIV3Schema } };
    await edit({ op: 'add', path: `${versions}/-`, value });
    try {
      await isAlarmed(kind, name, 'spec.versions has v0');
      const body = { spec: { envelope: { secrets: ['billing'] } } };
      await eventually(() =>
        expect(client.patch(another, placeOf(grant), { type: 'merge', body })).rejects.toThrow(
          'GrantImmutable spec.envelope',
        ),
      );
    } finally {
      await edit({ op: 'remove', path: `${versions}/1` });
    }
    await isOver(kind, name);
  });
});

test('what says how all of that was installed cannot be taken away unseen: then nobody can tell', async () => {
  const name = `${RELEASE}-installed`;
  const ofRelease = ['--namespace', NAMESPACE, 'configmap', name];
  const { stdout } = await kubectl(['get', ...ofRelease, '--output', 'json']);
  const { apiVersion, kind, metadata, data } = JSON.parse(stdout) as {
    apiVersion: string;
    kind: string;
    metadata: { labels: object; annotations: object };
    data: object;
  };
  await kubectl(['delete', ...ofRelease]);
  try {
    await expect.poll(() => isTampered(kind, name), SOON).toBe(1);
    await untilTold(client, { kind, namespace: NAMESPACE, name }, 'Tampered');
    expect(await metric('taskgrant_enforcement_proven')).toBe(0);
  } finally {
    const { labels, annotations } = metadata;
    await apply({ apiVersion, kind, metadata: { namespace: NAMESPACE, name, labels, annotations }, data });
  }
  await expect.poll(() => metric('taskgrant_enforcement_proven'), SOON).toBe(1);
});
