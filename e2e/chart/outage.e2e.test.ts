/** What holds, and what goes on, while none of the product's pods is up: by the API server alone. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ENFORCE_LABEL, FINALIZER, GRANT_LABEL } from '../../src/api/group.ts';
import type { ClusterRole, KubernetesObject, Pod, Role, RoleBinding } from '../../src/api/kubernetes.ts';
import { MOST_FINALIZERS, type TaskGrant } from '../../src/api/taskgrant.ts';
import { createAuthority } from '../../src/kube/certificate-authority.ts';
import { serviceAccountUsername, type Client, type JsonPatchOperation } from '../../src/kube/client.ts';
import {
  clusterRoles,
  configMaps,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  taskGrants,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  type Resource,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, createTestNamespace, testClient } from '../kube/testbed.ts';
import {
  applyCrds,
  clientOf,
  createReleaseNamespace,
  hasConstrainedImpersonation,
  helm,
  installWithoutPods,
  kubectl,
  namespace,
  NEVER_RUNS,
  ofRelease,
  probeNamespace,
  release,
} from './release.ts';

const kubeConfig = clusterKubeConfig();
const admin = testClient(kubeConfig);
const grantor = serviceAccountUsername(namespace, `${release}-grantor-default`);
const constrained = await hasConstrainedImpersonation(admin);
const MINUTES = 5 * 60_000;
let work: string;

beforeAll(async () => {
  await createReleaseNamespace();
  work = await createTestNamespace(admin);
  await admin.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'taskgrant-x', namespace: work },
  });
  await admin.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'taskgrant-x-bcdfghjk', namespace: work },
  });
  await createBeforeEnforcement({
    name: 'with-grant',
    labels: { [GRANT_LABEL]: 'x' },
    finalizers: ['example.com/kept'],
  });
  await createBeforeEnforcement({ name: 'without-grant' });
  await applyCrds();
  // With more than admission lets through: as from before it was there.
  const finalizers = [...someFinalizers(MOST_FINALIZERS + 1), FINALIZER];
  await vi.waitFor(() => admin.create(taskGrants, aGrant({ finalizers })), { timeout: 30_000 });
  await label(work, { [ENFORCE_LABEL]: 'granted' });
  await installWithoutPods();
  // Webhook configurations and policies take effect a while after they were written, each in its own time.
  const self = await controller();
  const asGrantor = self.as({ username: grantor });
  const innocent = { name: 'innocent', namespace: work };
  const ofCeiling = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: `${release}-ceiling-default-base`,
  };
  const another = { ...aBinding(), metadata: innocent, roleRef: ofCeiling };
  const dryRun = { dryRun: true };
  const probes: [RegExp | string, () => Promise<unknown>][] = [
    // By the mutating one, and by the validating one.
    [WEBHOOK_DOWN, () => create(aPod({ labels: { [GRANT_LABEL]: 'x' } }))],
    [WEBHOOK_DOWN, () => patch('without-grant', { metadata: { labels: { [GRANT_LABEL]: 'y' } } })],
    ['a grantor writes only Roles', () => asGrantor.create(roles, aRole(innocent), dryRun)],
    ['a grantor binds only', () => asGrantor.create(roleBindings, another, dryRun)],
    [
      'writes nothing but what belongs to grants',
      () => self.remove(serviceAccounts, { namespace: work, name: 'default' }, dryRun),
    ],
  ];
  for (const [refusal, probe] of probes)
    await vi.waitFor(() => expect(probe()).rejects.toThrow(refusal), { timeout: 60_000, interval: 200 });
}, MINUTES);

afterAll(async () => {
  await helm('Helm 4', 'uninstall', release, '--namespace', namespace, '--no-hooks', '--wait');
  const withoutFinalizers = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
  await admin.patch(pods, { namespace: work, name: 'with-grant' }, withoutFinalizers);
  await admin.patch(taskGrants, grant(), withoutFinalizers);
  await kubectl('delete', 'namespace', namespace, work);
  await admin.close();
}, MINUTES);

const WEBHOOK_DOWN = /failed calling webhook "(pods|taskgrants)\.taskgrant\.dev"/;

describe('what the controller may do as the grantor', () => {
  test('is to write a Role within the ceiling, and to bind it to the account of a grant', async () => {
    const asGrantor = (await controller()).as({ username: grantor });
    await asGrantor.create(roles, aRole());
    await asGrantor.create(roleBindings, aBinding());
  });

  test('is not to write a Role beyond the ceiling: the API server’s own escalation check refuses it', async () => {
    const asGrantor = (await controller()).as({ username: grantor });
    const role = aRole({
      name: 'taskgrant:a:beyond',
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    });
    await expect(asGrantor.create(roles, role)).rejects.toThrow(
      'attempting to grant RBAC permissions not currently held',
    );
  });

  test('is not to hand on its right to write Roles, which the escalation check would let it', async () => {
    const asGrantor = (await controller()).as({ username: grantor });
    const rules = [
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: ['create'] },
    ];
    await expect(asGrantor.create(roles, aRole({ name: 'taskgrant:a:writes', rules }))).rejects.toThrow(
      'no grant may hold rights over Roles or bindings',
    );
  });

  test.each([
    ['somebody else’s account', { name: 'default' }],
    ['an account of the product', { name: `${release}-controller`, namespace }],
    ['an account whose name only begins as those of grants do', { name: 'taskgrant-x' }],
    ['a group', { kind: 'Group', name: 'system:authenticated' }],
  ])('is not to bind a Role to %s', async (_, subject) => {
    const asGrantor = (await controller()).as({ username: grantor });
    await expect(asGrantor.create(roleBindings, aBinding(subject))).rejects.toThrow(
      'a grantor binds Roles only to the service accounts of grants',
    );
  });

  test('is not to write under names that are not a grant’s', async () => {
    const asGrantor = (await controller()).as({ username: grantor });
    await expect(asGrantor.create(roles, aRole({ name: 'innocent' }))).rejects.toThrow(
      'a grantor writes only Roles whose names begin with',
    );
  });

  test.runIf(constrained)('is nothing else: it cannot read what the grantor can read', async () => {
    const asGrantor = (await controller()).as({ username: grantor });
    await expect(asGrantor.list(configMaps, { namespace: work })).rejects.toThrow(
      'cannot impersonate-on:serviceaccount:list',
    );
  });
});

describe('what the controller may not do', () => {
  test('is to write a Role as itself', async () => {
    await expect((await controller()).create(roles, aRole({ name: 'taskgrant:a:own' }))).rejects.toThrow(
      'cannot create resource "roles"',
    );
  });

  test('is to be anybody but the grantor', async () => {
    const self = await controller();
    for (const username of [
      serviceAccountUsername(work, 'default'),
      serviceAccountUsername(namespace, `${release}-webhook`),
      'admin',
    ]) {
      await expect(
        self.as({ username }).create(roles, aRole({ name: 'taskgrant:a:as-another' })),
      ).rejects.toThrow(/cannot impersonate/);
    }
  });

  test('is to read or create Secrets other than its two', async () => {
    const self = await controller();
    const { items } = await self.list(
      secrets,
      { namespace },
      { fieldSelector: `metadata.name=${release}-ca` },
    );
    expect(items).toHaveLength(1);
    await expect(self.list(secrets, { namespace })).rejects.toThrow('cannot list resource "secrets"');
    await expect(self.get(secrets, { namespace, name: `sh.helm.release.v1.${release}.v1` })).rejects.toThrow(
      'cannot get resource "secrets"',
    );
    const tokenOfGrantor = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'stolen',
        namespace,
        annotations: { 'kubernetes.io/service-account.name': `${release}-grantor-default` },
      },
      type: 'kubernetes.io/service-account-token',
    };
    await expect(self.create(secrets, tokenOfGrantor)).rejects.toThrow('cannot create resource "secrets"');
  });

  test('is to create a pod anywhere but in the probe namespace, where no pod can exist', async () => {
    const self = await controller();
    await expect(self.create(pods, aPod())).rejects.toThrow('cannot create resource "pods"');
    // The controller manager makes a namespace's default service account, without which nobody creates a pod, when it gets to it.
    for (const [client, refusal] of [
      [self, 'writes nothing but what belongs to grants'],
      [admin, 'exceeded quota'],
    ] as const)
      await vi.waitFor(
        () => expect(client.create(pods, aPod({ namespace: probeNamespace }))).rejects.toThrow(refusal),
        { timeout: 45_000, interval: 200 },
      );
  });

  test('is to change anything of its webhook configurations but their CA bundles', async () => {
    const self = await controller();
    const { certificate } = await createAuthority('another', {
      notBefore: Date.now(),
      notAfter: Date.now() + 3_600_000,
    });
    const caBundle = Buffer.from(certificate).toString('base64');
    const elsewhere: JsonPatchOperation[] = [
      { op: 'remove', path: '/webhooks/0/clientConfig/service' },
      { op: 'add', path: '/webhooks/0/clientConfig/url', value: 'https://elsewhere.example/' },
    ];
    const thefts: Record<string, JsonPatchOperation[]> = {
      'whom the API server calls': elsewhere,
      'whom it calls, and what it believes': [
        ...elsewhere,
        { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: caBundle },
      ],
      'about what': [{ op: 'replace', path: '/webhooks/0/rules/0/resources', value: ['*'] }],
      where: [{ op: 'remove', path: '/webhooks/0/matchConditions' }],
      'what no answer means': [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
      'that it is asked at all': [{ op: 'remove', path: '/webhooks/0' }],
      'by which label it is found': [{ op: 'remove', path: '/metadata/labels' }],
    };
    const attempt = <T extends KubernetesObject>(kind: Resource<T>, body: JsonPatchOperation[]) =>
      self.patch(kind, { name: release }, { type: 'json', body }, { dryRun: true });
    for (const kind of ['mutating', 'validating'] as const) {
      const change = (body: JsonPatchOperation[]) =>
        kind === 'mutating'
          ? attempt(mutatingWebhookConfigurations, body)
          : attempt(validatingWebhookConfigurations, body);
      for (const [what, body] of Object.entries(thefts))
        // A policy takes effect a while after it was written.
        await vi.waitFor(
          () =>
            expect(change(body), `${kind}: ${what}`).rejects.toThrow(
              'writes nothing but what belongs to grants',
            ),
          { timeout: 20_000, interval: 200 },
        );
      await change([{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: caBundle }]);
    }
  });

  test('is to change what it watches: the floor, the CRDs, and what says how they were installed', async () => {
    const self = await controller();
    const merge = { type: 'merge', body: { metadata: { labels: { a: 'b' } } } } as const;
    const names = { name: `${release}-subjects` };
    const grantsCrd = { name: 'taskgrants.taskgrant.dev' };
    for (const patch of [
      () => self.patch(validatingAdmissionPolicies, names, merge),
      () => self.patch(validatingAdmissionPolicyBindings, names, merge),
      () => self.patch(customResourceDefinitions, grantsCrd, merge),
      () => self.patch(configMaps, { namespace, name: `${release}-installed` }, merge),
    ])
      await expect(patch()).rejects.toThrow('cannot patch resource');
    await expect(self.list(configMaps, { namespace })).rejects.toThrow('cannot list resource "configmaps"');
    await self.list(configMaps, { namespace }, { fieldSelector: `metadata.name=${release}-installed` });
  });

  test('is to make a Secret that somebody has deleted, except for its two, and only by name', async () => {
    const self = await controller();
    const name = `${release}-webhook-tls`;
    await admin.remove(secrets, { namespace, name });
    const again = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } };
    await expect(self.create(secrets, again)).rejects.toThrow('cannot create resource "secrets"');
    await self.patch(secrets, { namespace, name }, { type: 'apply', body: again });
  });
});

test('no role of the product holds a wildcard, escalates, binds, or writes Roles', async () => {
  const all = [
    ...(await admin.list(clusterRoles, {}, { labelSelector: ofRelease })).items,
    ...(await admin.list(roles, {}, { labelSelector: ofRelease })).items,
  ];
  expect(all.length).toBeGreaterThan(8);
  for (const { role, rule } of all.flatMap((role) =>
    rulesOf(role).map((rule) => ({ role: role.metadata.name, rule })),
  )) {
    const { apiGroups = [], resources = [], verbs, resourceNames = [] } = rule;
    expect([...apiGroups, ...resources, ...verbs], role).not.toContain('*');
    expect(verbs, role).not.toContain('escalate');
    expect(verbs, role).not.toContain('bind');
    // Who may be which grantor is checked above.
    if (verbs.includes('impersonate')) expect(resourceNames, role).toEqual([`${release}-grantor-default`]);
    if (resources.includes('secrets')) expect(resourceNames, role).not.toEqual([]);
    if (apiGroups.includes('rbac.authorization.k8s.io') && role !== `${release}-grantor`) {
      expect(verbs, role).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(create|update|patch)$/)]),
      );
    }
  }
});

test('the webhook’s account can change nothing in the cluster', async () => {
  const [role] = (
    await admin.list(clusterRoles, {}, { labelSelector: `${ofRelease},app.kubernetes.io/component=webhook` })
  ).items;
  const changing = rulesOf(role ?? { rules: [] }).filter(({ verbs }) =>
    verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)),
  );
  // Asking is a create too.
  expect(changing).toEqual([
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ]);
});

describe('with the webhook down', () => {
  test('no pod with a grant can be created', async () => {
    await expect(create(aPod({ labels: { [GRANT_LABEL]: 'x' } }))).rejects.toThrow(WEBHOOK_DOWN);
  });

  test('no pod can use the account of a grant, whichever field names it', async () => {
    await expect(create(aPod({ spec: { serviceAccountName: 'taskgrant-x' } }))).rejects.toThrow(WEBHOOK_DOWN);
    await expect(create(aPod({ spec: { serviceAccount: 'taskgrant-x' } }))).rejects.toThrow(WEBHOOK_DOWN);
  });

  test('no token is minted for the account of a grant, since nobody can say whether its grant is good', async () => {
    const place = { namespace: work, name: 'taskgrant-x-bcdfghjk', subresource: 'token' };
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} };
    // Of nodes NodeRestriction asks more than this before any webhook is called.
    await expect(admin.createSubresource(serviceAccounts, place, request)).rejects.toThrow(
      'failed calling webhook "mints.taskgrant.dev"',
    );
    await admin.createSubresource(serviceAccounts, { ...place, name: 'default' }, request);
  });

  test('no grant can be created', async () => {
    await expect(admin.create(taskGrants, aGrant({ name: 'new' }), { dryRun: true })).rejects.toThrow(
      WEBHOOK_DOWN,
    );
  });

  test('a pod’s grant can be neither taken off, nor changed, nor put on', async () => {
    for (const [name, value] of [
      ['with-grant', null],
      ['with-grant', 'y'],
      ['without-grant', 'y'],
    ] as const) {
      const change = { metadata: { labels: { [GRANT_LABEL]: value } } };
      await expect(patch(name, change)).rejects.toThrow(WEBHOOK_DOWN);
    }
  });

  test('nobody gets an ephemeral container into a task’s pod', async () => {
    const debugging = { spec: { ephemeralContainers: [{ name: 'debug', image: 'localhost/none:1' }] } };
    await expect(patch('with-grant', debugging, 'ephemeralcontainers')).rejects.toThrow(WEBHOOK_DOWN);
    await patch('without-grant', debugging, 'ephemeralcontainers');
  });

  test('a grant can be revoked, suspended, shortened and deleted by whoever may', async () => {
    await changeGrant(admin, { spec: { revoke: true } });
    await changeGrant(admin, { spec: { suspend: true } });
    await changeGrant(admin, { spec: { duration: '1s' } });
    await admin.remove(taskGrants, grant(), { dryRun: true });
  });

  test('a grant cannot be approved', async () => {
    await expect(changeGrant(admin, { spec: { approval: { decision: 'Approved' } } })).rejects.toThrow(
      WEBHOOK_DOWN,
    );
  });

  test('finalizers of others come and go on a grant, and the product’s own goes by the controller’s hand only', async () => {
    await changeGrant(admin, { metadata: { finalizers: [FINALIZER, 'example.com/other'] } });
    await expect(changeGrant(admin, { metadata: { finalizers: null } })).rejects.toThrow(WEBHOOK_DOWN);
    await changeGrant(await controller(), { metadata: { finalizers: null } });
  });

  test('finalizers beyond the most are not put on, and go where there are more of them', async () => {
    const become = (count: number) =>
      changeGrant(admin, { metadata: { finalizers: [...someFinalizers(count), FINALIZER] } });
    await expect(become(MOST_FINALIZERS + 2)).rejects.toThrow(WEBHOOK_DOWN);
    await become(MOST_FINALIZERS);
    await become(MOST_FINALIZERS - 1);
  });

  test('pods without a grant start as ever', async () => {
    await create(aPod());
    await create(aPod({ labels: { app: 'web' }, spec: { serviceAccountName: 'default' } }));
    await patch('without-grant', { metadata: { labels: { app: 'web' } } });
  });

  test('a task’s pod can be reported on and deleted, and its finalizers taken off', async () => {
    await patch('with-grant', { metadata: { finalizers: null } });
    await patch('with-grant', { status: { phase: 'Running' } }, 'status');
    await admin.remove(pods, { namespace: work, name: 'with-grant' }, { dryRun: true });
  });

  test('namespaces that do not enforce are left alone', async () => {
    const free = await createTestNamespace(admin);
    const pod = aPod({ namespace: free, labels: { [GRANT_LABEL]: 'x' } });
    // The controller manager makes a namespace's default service account when it gets to it.
    await vi.waitFor(() => create(pod), { timeout: 30_000 });
    await admin.remove(namespaces, { name: free });
  });

  test('and the label of one that does stays, since nobody can tell whether grants have rights there', async () => {
    await expect(label(work, { [ENFORCE_LABEL]: null })).rejects.toThrow('namespaces.taskgrant.dev');
  });

  test.each(['kube-system', namespace])('%s is never judged, even where somebody labels it', async (name) => {
    await label(name, { [ENFORCE_LABEL]: 'granted' });
    try {
      await create(aPod({ namespace: name, labels: { [GRANT_LABEL]: 'x' } }));
    } finally {
      await label(name, { [ENFORCE_LABEL]: null });
    }
  });
});

/** The API server as the controller sees it. */
function controller(): Promise<Client> {
  return clientOf(`${release}-controller`);
}

function aRole({ name = 'taskgrant:a:x', rules }: { name?: string; rules?: Role['rules'] } = {}): Role {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name, namespace: work },
    rules: rules ?? [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['tickets'], verbs: ['get'] },
    ],
  };
}

function aBinding(subject: { kind?: string; name?: string; namespace?: string } = {}): RoleBinding {
  const kind = subject.kind ?? 'ServiceAccount';
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'taskgrant:a:x', namespace: work },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'taskgrant:a:x' },
    subjects: [
      {
        kind,
        name: subject.name ?? 'taskgrant-x-bcdfghjk',
        ...(kind === 'ServiceAccount'
          ? { namespace: subject.namespace ?? work }
          : { apiGroup: 'rbac.authorization.k8s.io' }),
      },
    ],
  };
}

function rulesOf({ rules }: Pick<Role | ClusterRole, 'rules'>): NonNullable<Role['rules']> {
  return rules ?? [];
}

interface PodChanges {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  finalizers?: string[];
  spec?: Partial<Pod['spec']>;
}

function aPod({
  name = 'a',
  namespace: its = work,
  labels = {},
  finalizers = [],
  spec,
}: PodChanges = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: its, labels, finalizers },
    spec: { ...NEVER_RUNS, ...spec },
  };
}

function someFinalizers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `example.com/${at}`);
}

function aGrant({ name = 'x', finalizers }: { name?: string; finalizers?: string[] } = {}): TaskGrant {
  return {
    apiVersion: 'taskgrant.dev/v1alpha1',
    kind: 'TaskGrant',
    metadata: { name, namespace: work, ...(finalizers && { finalizers }) },
    spec: {
      task: { intent: 'be refused' },
      workload: { images: ['none'] },
      duration: '1m',
    } as TaskGrant['spec'],
  };
}

function create(pod: Pod): Promise<unknown> {
  return admin.create(pods, pod, { dryRun: true });
}

function grant() {
  return { namespace: work, name: 'x' };
}

function changeGrant(client: Client, body: object): Promise<unknown> {
  return client.patch(taskGrants, grant(), { type: 'merge', body }, { dryRun: true });
}

function patch(name: string, body: object, subresource?: string): Promise<unknown> {
  return admin.patch(pods, { namespace: work, name, subresource }, { type: 'merge', body }, { dryRun: true });
}

async function createBeforeEnforcement(changes: PodChanges): Promise<void> {
  // The controller manager makes a namespace's default service account when it gets to it.
  await vi.waitFor(() => admin.create(pods, aPod(changes)), { timeout: 30_000 });
}

function label(name: string, labels: Record<string, string | null>): Promise<unknown> {
  return admin.patch(namespaces, { name }, { type: 'merge', body: { metadata: { labels } } });
}
