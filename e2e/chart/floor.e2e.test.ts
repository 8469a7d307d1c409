/**
 * The floor: what the API server refuses by itself, with none of the product's pods up, and its webhook configurations deleted. What
 * the configurations refuse besides, because nobody answers, is in outage.e2e.test.ts.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  CEILING_LABEL,
  ENFORCE_LABEL,
  GRANT_LABEL,
  GRANT_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  WARN_LABEL,
} from '../../src/api/group.ts';
import type {
  ClusterRole,
  KubernetesObject,
  Pod,
  Role,
  RoleBinding,
  ServiceAccount,
  Subject,
} from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { floorPolicies } from '../../src/core/floor/floor.ts';
import { serviceAccountUsername, type Client, type WriteOptions } from '../../src/kube/client.ts';
import { found } from '../../src/kube/find.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  leases,
  namespaces,
  pods,
  resource,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  taskGrants,
  type Resource,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, createTestNamespace, minorVersion, testClient } from '../kube/testbed.ts';
import {
  applyCrds,
  clientOf,
  createReleaseNamespace,
  helm,
  installWithoutPods,
  kubectl,
  namespace,
  NEVER_RUNS,
  probeNamespace,
  release,
} from './release.ts';

const admin = testClient(clusterKubeConfig());
/** What a grant named x would have for its account. */
const ACCOUNT = 'taskgrant-x-bcdfghjk';
const OURS = { [MANAGED_BY_LABEL]: MANAGED_BY, [GRANT_LABEL]: 'x', [GRANT_UID_LABEL]: 'a-uid' };
const RBAC = 'rbac.authorization.k8s.io';
/** May write everything of RBAC, and nothing of ours: an admin of clusters, but not of this product. */
const jane = admin.as({ username: 'jane', groups: ['rbac-admins'] });
// From Kubernetes 1.37 (KEP-4317).
const hasPodCertificates = (await minorVersion(admin)) >= 37;
const MINUTES = 5 * 60_000;
let work: string;

/** What is there before the policies are: as after an outage of them. */
beforeAll(async () => {
  await createReleaseNamespace();
  work = await createTestNamespace(admin);
  await admin.create(serviceAccounts, anAccount());
  await admin.create(roles, aRole('taskgrant:a:x', OURS));
  await admin.create(roleBindings, aBinding('taskgrant:a:x', { labels: OURS }));
  await admin.create(roles, aRole('of-others'));
  await admin.create(clusterRoles, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'rbac-admin' },
    rules: [{ apiGroups: [RBAC], resources: ['*'], verbs: ['*'] }],
  });
  await bindToCluster('rbac-admins', 'rbac-admin', { kind: 'Group', name: 'rbac-admins', apiGroup: RBAC });
  // Somebody's carelessness: the task may write bindings.
  await bindToCluster('careless', 'rbac-admin', { kind: 'ServiceAccount', name: ACCOUNT, namespace: work });
  await admin.create(pods, aPod('task', { labels: { [GRANT_LABEL]: 'x' }, account: ACCOUNT }));
  // The controller manager makes a namespace's default service account when it gets to it.
  await vi.waitFor(() => admin.create(pods, aPod('of-others')), { timeout: 30_000 });
  await admin.create(pods, aPod('unlabelled', { account: ACCOUNT }));
  await admin.create(
    secrets,
    aTokenSecret(ACCOUNT, { name: 'from-before', finalizers: ['example.com/kept'] }),
  );
  await applyCrds();
  await vi.waitFor(() => admin.create(taskGrants, aGrant()), { timeout: 30_000 });
  await kubectl('label', 'namespace', work, `${ENFORCE_LABEL}=granted`);
  await installWithoutPods();
  await kubectl('delete', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', release);
  // Policies take effect a while after they were written, each in its own time.
  for (const [what, probe] of probes())
    await vi.waitFor(() => expect(probe(), what).rejects.toThrow(POLICY(what)), {
      timeout: 60_000,
      interval: 200,
    });
  // On a busy machine each takes its time, and there are a dozen.
}, MINUTES);

afterAll(async () => {
  await helm('Helm 4', 'uninstall', release, '--namespace', namespace, '--no-hooks', '--wait');
  await kubectl(
    'delete',
    'clusterrolebinding',
    '--ignore-not-found',
    'rbac-admins',
    'careless',
    'stolen',
    'class-editor',
  );
  await kubectl(
    ...(['delete', 'clusterrole', '--ignore-not-found', 'rbac-admin', 'part', 'other-part'] as const),
    ...([`${release}-ceiling-other`, 'class-editor'] as const),
  );
  // Their finalizers would keep the namespace, where the tests did not get to them.
  const letGo = { type: 'merge', body: { metadata: { finalizers: null } } } as const;
  for (const name of ['from-before', 'held']) {
    const held = { namespace: work, name };
    if (await found(admin, secrets, held)) await admin.patch(secrets, held, letGo);
  }
  await kubectl('delete', 'namespace', namespace, work);
  await admin.close();
}, MINUTES);

/** One request each that the policy must refuse, and no other. */
function probes(): [string, () => Promise<unknown>][] {
  const labelled = {
    ...aClusterRole('part'),
    metadata: { name: 'part', labels: { [CEILING_LABEL]: 'default' } },
  };
  const another = { kind: 'ServiceAccount', name: 'default', namespace: work };
  return [
    ['pods', () => admin.create(pods, aPod('a', { account: ACCOUNT }), { dryRun: true })],
    ['binding-labels', () => bindUnderAnother('of-others', { dryRun: true })],
    ['mints', () => mint(admin)],
    ...(hasPodCertificates ? certificateProbes() : []),
    ['grantor-tokens', () => mint(admin, { namespace, name: `${release}-grantor-default` })],
    ['token-secrets', () => admin.create(secrets, aTokenSecret(ACCOUNT), { dryRun: true })],
    ['accounts', () => admin.create(serviceAccounts, anAccount('taskgrant-y-bcdfghjk'), { dryRun: true })],
    ['roles', () => admin.create(roles, aRole('taskgrant:a:y'), { dryRun: true })],
    [
      'bindings',
      () => admin.create(roleBindings, aBinding('taskgrant:a:y', { subject: another }), { dryRun: true }),
    ],
    ['subjects', () => admin.create(roleBindings, aBinding('more'), { dryRun: true })],
    ['identities', () => task().create(roles, aRole('own'), { dryRun: true })],
    ['ceilings', () => jane.create(clusterRoles, labelled, { dryRun: true })],
    ['states', () => setStatus(admin)],
    [
      'controller',
      async () =>
        (await controller()).remove(serviceAccounts, { namespace: work, name: 'default' }, { dryRun: true }),
    ],
  ];
}

function certificateProbes(): [string, () => Promise<unknown>][] {
  const own = { namespace, name: `${release}-grantor-default` };
  const dryRun = { dryRun: true };
  return [
    ['certificates', () => askForCertificate(admin, undefined, dryRun)],
    ['own-certificates', () => askForCertificate(admin, own, dryRun)],
  ];
}

const POLICY = (name: string) => `TaskGrant’s policy ${name})`;

describe('a pod', () => {
  test.each([
    ['without the label', {}],
    ['with the label of another grant', { [GRANT_LABEL]: 'y' }],
    ['with the label of a grant whose name begins the same', { [GRANT_LABEL]: 'x-bcdfghjk' }],
  ])('%s cannot use a grant’s account', async (_, labels) => {
    const pod = aPod('a', { labels, account: ACCOUNT });
    await expect(admin.create(pods, pod, { dryRun: true })).rejects.toThrow('GrantLabelMissing');
  });

  test('under a grant keeps its label, by whichever door', async () => {
    for (const subresource of [undefined, 'status']) {
      for (const value of [null, 'y']) {
        const change = { type: 'merge', body: { metadata: { labels: { [GRANT_LABEL]: value } } } } as const;
        const place = { namespace: work, name: 'task', subresource };
        await expect(admin.patch(pods, place, change, { dryRun: true })).rejects.toThrow(POLICY('pods'));
      }
    }
  });

  test('gets no grant’s label by its binding', async () => {
    await expect(bindUnderAnother('of-others')).rejects.toThrow(POLICY('binding-labels'));
  });

  test('that is there without the label, since before the floor, can still be reported on', async () => {
    const status = { type: 'merge', body: { status: { message: 'still here' } } } as const;
    await admin.patch(pods, { namespace: work, name: 'unlabelled', subresource: 'status' }, status);
  });

  test('without a grant is created, changed and deleted as ever', async () => {
    await admin.create(pods, aPod('another'));
    const change = { type: 'merge', body: { metadata: { labels: { app: 'web' } } } } as const;
    await admin.patch(pods, { namespace: work, name: 'another' }, change);
    await admin.remove(pods, { namespace: work, name: 'another' });
  });
});

describe('a token of a grant’s account', () => {
  test('is minted for nobody but a node', async () => {
    await expect(mint(admin)).rejects.toThrow('TokenNotAskedByNode');
    await expect(mint(task())).rejects.toThrow(/TokenNotAskedByNode|cannot create resource/);
  });

  test('is never kept in a Secret, one that says so later included', async () => {
    await expect(admin.create(secrets, aTokenSecret(ACCOUNT))).rejects.toThrow(POLICY('token-secrets'));
    await admin.create(secrets, aTokenSecret('default'));
    const change = { metadata: { annotations: { 'kubernetes.io/service-account.name': ACCOUNT } } };
    await expect(
      admin.patch(secrets, { namespace: work, name: 'token' }, { type: 'merge', body: change }),
    ).rejects.toThrow(POLICY('token-secrets'));
  });

  test('though one from before the floor can be deleted, finalizers and all', async () => {
    const place = { namespace: work, name: 'from-before' };
    await admin.remove(secrets, place);
    await admin.patch(secrets, place, { type: 'merge', body: { metadata: { finalizers: null } } });
    await expect(admin.get(secrets, place)).rejects.toThrow('not found');
  });

  test('and one that is being deleted, and stays for somebody’s finalizer, is not turned into one', async () => {
    const place = { namespace: work, name: 'held' };
    await admin.create(secrets, aTokenSecret('default', { name: 'held', finalizers: ['example.com/hold'] }));
    await admin.remove(secrets, place);
    const named = (account: string) => ({
      type: 'merge' as const,
      body: {
        metadata: {
          annotations: {
            'kubernetes.io/service-account.name': account,
            'kubernetes.io/service-account.uid': null,
          },
        },
      },
    });
    await expect(admin.patch(secrets, place, named(ACCOUNT))).rejects.toThrow(POLICY('token-secrets'));
    await admin.patch(secrets, place, { type: 'merge', body: { metadata: { finalizers: null } } });
    await expect(admin.get(secrets, place)).rejects.toThrow('not found');
  });

  test('nor is one of an account of the product', async () => {
    const secret = aTokenSecret(`${release}-grantor-default`);
    await expect(
      admin.create(secrets, { ...secret, metadata: { ...secret.metadata, namespace } }),
    ).rejects.toThrow('an account of the product has no token in a Secret');
  });
});

describe.runIf(hasPodCertificates)('a certificate in the name of a grant’s account', () => {
  test('is asked for by nobody but a node', async () => {
    await expect(askForCertificate(admin)).rejects.toThrow('CertificateNotAskedByNode');
  });

  test.each(['grantor-default', 'controller', 'webhook'])(
    'is not asked for by anybody for the product’s own: %s',
    async (component) => {
      const account = { namespace, name: `${release}-${component}` };
      await expect(askForCertificate(admin, account)).rejects.toThrow(POLICY('own-certificates'));
    },
  );
});

describe('a grantor', () => {
  test('has no token, whoever asks for one', async () => {
    const grantor = { namespace, name: `${release}-grantor-default` };
    await expect(mint(admin, grantor)).rejects.toThrow(POLICY('grantor-tokens'));
    const node = admin.as({ username: 'system:node:node-1', groups: ['system:nodes'] });
    await expect(mint(node, grantor)).rejects.toThrow(/grantor-tokens|forbidden/);
  });
});

describe('the account of a grant', () => {
  test('is made by nobody but the controller', async () => {
    const account = anAccount('taskgrant-y-bcdfghjk');
    await expect(admin.create(serviceAccounts, account)).rejects.toThrow('are made by TaskGrant alone');
    await (await controller()).create(serviceAccounts, account, { dryRun: true });
  });

  test.each([
    ['a pull secret', { imagePullSecrets: [{ name: 'stolen' }] }],
    ['a Secret', { secrets: [{ name: 'stolen' }] }],
    [
      'an annotation',
      { metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' } } },
    ],
    ['another label', { metadata: { labels: { [GRANT_UID_LABEL]: 'another' } } }],
    ['a finalizer', { metadata: { finalizers: ['example.com/kept'] } }],
    ['a token that is mounted by itself', { automountServiceAccountToken: true }],
  ])('gets %s by nobody', async (_, body) => {
    for (const client of [admin, await controller()]) {
      const change = { type: 'merge', body } as const;
      const patched = client.patch(serviceAccounts, { namespace: work, name: ACCOUNT }, change);
      await expect(patched).rejects.toThrow(/stays as it was made|cannot patch resource/);
    }
  });

  test('can be deleted by whoever may: that only takes something away', async () => {
    await admin.remove(serviceAccounts, { namespace: work, name: ACCOUNT }, { dryRun: true });
  });
});

describe('what a grant gives', () => {
  test('is written by nobody but a grantor', async () => {
    await expect(admin.create(roles, aRole('taskgrant:a:y'))).rejects.toThrow('are made by TaskGrant alone');
    await expect(admin.create(roleBindings, aBinding('taskgrant:a:y'))).rejects.toThrow(
      // It is against both, and the API server says which it asked first.
      /TaskGrant’s policy (bindings|subjects)/,
    );
  });

  test('is changed by nobody', async () => {
    const place = { namespace: work, name: 'taskgrant:a:x' };
    const merge = (body: object) => ({ type: 'merge', body }) as const;
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    await expect(admin.patch(roles, place, merge({ rules }))).rejects.toThrow('is not changed');
    const subjects = [{ kind: 'User', name: 'mallory', apiGroup: RBAC }];
    await expect(admin.patch(roleBindings, place, merge({ subjects }))).rejects.toThrow('is not changed');
    const finalizers = { metadata: { finalizers: ['example.com/kept'] } };
    await expect(admin.patch(roleBindings, place, merge(finalizers))).rejects.toThrow('is not changed');
    await expect(admin.patch(roles, place, merge({ metadata: { labels: null } }))).rejects.toThrow(
      'is not changed',
    );
  });

  test('can be taken away by whoever may', async () => {
    await admin.remove(roleBindings, { namespace: work, name: 'taskgrant:a:x' }, { dryRun: true });
    await admin.remove(roles, { namespace: work, name: 'taskgrant:a:x' }, { dryRun: true });
  });
});

describe('nothing is bound by others', () => {
  test.each([
    ['the account of a grant', () => ({ kind: 'ServiceAccount', name: ACCOUNT, namespace: work })],
    ['its user', () => ({ kind: 'User', name: serviceAccountUsername(work, ACCOUNT), apiGroup: RBAC })],
    [
      'all accounts of an enforced namespace',
      () => ({ kind: 'Group', name: `system:serviceaccounts:${work}`, apiGroup: RBAC }),
    ],
  ])('to %s', async (_, subject) => {
    await expect(admin.create(roleBindings, aBinding('more', { subject: subject() }))).rejects.toThrow(
      POLICY('subjects'),
    );
  });

  test('to the account of a grant in the whole cluster', async () => {
    const subject = { kind: 'ServiceAccount', name: ACCOUNT, namespace: work };
    await expect(bindToCluster('more', 'rbac-admin', subject)).rejects.toThrow(POLICY('subjects'));
  });

  test.each([
    ['by its name', { kind: 'ServiceAccount', name: `${release}-grantor-default`, namespace }],
    [
      'by its user',
      { kind: 'User', name: serviceAccountUsername(namespace, `${release}-grantor-default`), apiGroup: RBAC },
    ],
    ['by its group', { kind: 'Group', name: `system:serviceaccounts:${namespace}`, apiGroup: RBAC }],
  ])('to a grantor %s, but by those who may change the classes', async (_, subject) => {
    const binding = aBinding('more', { subject });
    await expect(jane.create(roleBindings, binding)).rejects.toThrow(
      'what is bound to a grantor widens its classes',
    );
    await admin.create(roleBindings, binding, { dryRun: true });
  });

  test('while bindings to anybody else are made, and old ones changed, as ever', async () => {
    const subject = { kind: 'ServiceAccount', name: 'default', namespace: work };
    await admin.create(roleBindings, aBinding('of-others', { subject }));
    const labels = { type: 'merge', body: { metadata: { labels: { a: 'b' } } } } as const;
    await admin.patch(clusterRoleBindings, { name: 'careless' }, labels);
  });

  test('and a binding of very many subjects can be changed, which costs no more than its length', async () => {
    const subject = (index: number) => ({ kind: 'User', name: `user-${index}`, apiGroup: RBAC });
    const subjects = Array.from({ length: 5000 }, (_, index) => subject(index));
    await admin.create(roleBindings, { ...aBinding('crowd'), subjects });
    const more = { type: 'json', body: [{ op: 'add', path: '/subjects/-', value: subject(5000) }] } as const;
    await admin.patch(roleBindings, { namespace: work, name: 'crowd' }, more);
  });

  test('and a grant’s identity itself binds nothing, though somebody’s binding would let it', async () => {
    await expect(task().create(roles, aRole('own'))).rejects.toThrow('they would outlive it');
    const subject = { kind: 'User', name: 'mallory', apiGroup: RBAC };
    await expect(task().create(roleBindings, aBinding('own', { subject }))).rejects.toThrow(
      'they would outlive it',
    );
  });
});

describe('a ceiling', () => {
  const labelled = (name: string) => ({
    ...aClusterRole(name),
    metadata: { name, labels: { [CEILING_LABEL]: 'default' } },
  });

  test('is widened by who may change its class, and by nobody else', async () => {
    await expect(jane.create(clusterRoles, labelled('part'))).rejects.toThrow('widens the ceiling');
    await admin.create(clusterRoles, labelled('part'));
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    const wider = { type: 'merge', body: { rules } } as const;
    await expect(jane.patch(clusterRoles, { name: 'part' }, wider)).rejects.toThrow('widens the ceiling');
  });

  test('is not widened by what every grantor holds besides', async () => {
    const value = { apiGroups: [RBAC], resources: ['roles'], verbs: ['get'] };
    const add = { type: 'json', body: [{ op: 'add', path: '/rules/-', value }] } as const;
    const patched = jane.patch(clusterRoles, { name: `${release}-grantor` }, add);
    await expect(patched).rejects.toThrow('what this ClusterRole gives every grantor holds');
  });

  test('is not widened by what is bound to its grantor under the name of a ceiling', async () => {
    const named = aClusterRole(`${release}-ceiling-default`);
    await expect(jane.create(clusterRoles, named)).rejects.toThrow('is the ceiling of a class');
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    const name = `${release}-ceiling-other`;
    await admin.create(clusterRoles, aClusterRole(name));
    await expect(jane.patch(clusterRoles, { name }, { type: 'merge', body: { rules } })).rejects.toThrow(
      'is the ceiling of a class',
    );
  });

  test('under the name of a ceiling, is written by who may change that class, and no other', async () => {
    const user = { kind: 'User', name: 'jim', apiGroup: RBAC };
    await admin.create(clusterRoles, {
      ...aClusterRole('class-editor'),
      rules: [
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrantclasses'],
          resourceNames: ['jims'],
          verbs: ['update'],
        },
      ],
    });
    await bindToCluster('class-editor', 'class-editor', user);
    const jim = admin.as({ username: 'jim', groups: ['rbac-admins'] });
    const create = (ceiling: string) =>
      jim.create(clusterRoles, aClusterRole(`${release}-ceiling-${ceiling}`), { dryRun: true });
    // A binding takes effect a while after it was written.
    await vi.waitFor(() => create('jims'), { timeout: 60_000, interval: 200 });
    for (const other of ['default', 'x', 'notjims', 'jims2'])
      await expect(create(other), other).rejects.toThrow('is the ceiling of a class');
  });

  test('is narrowed by whoever may', async () => {
    const without = { type: 'merge', body: { metadata: { labels: { [CEILING_LABEL]: null } } } } as const;
    await jane.patch(clusterRoles, { name: 'part' }, without);
  });

  test('is not widened by labelling what is there', async () => {
    await jane.create(clusterRoles, aClusterRole('other-part'));
    const label = { type: 'merge', body: { metadata: { labels: { [CEILING_LABEL]: 'default' } } } } as const;
    await expect(jane.patch(clusterRoles, { name: 'other-part' }, label)).rejects.toThrow(
      'widens the ceiling',
    );
  });
});

describe('whoever has the controller’s token', () => {
  const refusal = POLICY('controller');

  test('deletes no pod, account, Role or binding that is not a grant’s', async () => {
    const thief = await controller();
    const place = { namespace: work, name: 'of-others' };
    await expect(thief.remove(pods, place)).rejects.toThrow(refusal);
    await expect(thief.remove(serviceAccounts, { namespace: work, name: 'default' })).rejects.toThrow(
      refusal,
    );
    await expect(thief.remove(roles, place)).rejects.toThrow(refusal);
    await expect(thief.remove(roleBindings, place)).rejects.toThrow(refusal);
  });

  test('deletes those of grants', async () => {
    const self = await controller();
    await self.remove(pods, { namespace: work, name: 'task' }, { dryRun: true });
    await self.remove(serviceAccounts, { namespace: work, name: ACCOUNT }, { dryRun: true });
    await self.remove(roles, { namespace: work, name: 'taskgrant:a:x' }, { dryRun: true });
  });

  test('makes no account of another name, and none with Secrets', async () => {
    const thief = await controller();
    await expect(thief.create(serviceAccounts, anAccount('backdoor'))).rejects.toThrow(refusal);
    const withSecret = { ...anAccount('taskgrant-y-bcdfghjk'), imagePullSecrets: [{ name: 'stolen' }] };
    await expect(thief.create(serviceAccounts, withSecret)).rejects.toThrow(refusal);
  });

  test('changes nothing that somebody has declared', async () => {
    const thief = await controller();
    const place = { namespace: work, name: 'x' };
    for (const spec of [{ duration: '1s' }, { revoke: true }]) {
      await expect(thief.patch(taskGrants, place, { type: 'merge', body: { spec } })).rejects.toThrow(
        refusal,
      );
    }
  });

  test('makes no Lease but its own', async () => {
    const thief = await controller();
    const aLease = (name: string) => ({
      apiVersion: 'coordination.k8s.io/v1' as const,
      kind: 'Lease' as const,
      metadata: { name, namespace },
    });
    await expect(thief.create(leases, aLease('another'), { dryRun: true })).rejects.toThrow(refusal);
    await kubectl('delete', 'lease', `${release}-controller`, '--namespace', namespace);
    await thief.create(leases, aLease(`${release}-controller`));
  });

  test('runs no pod where it proves enforcement, which it does by dry runs', async () => {
    const thief = await controller();
    const pod = aPod('a', { namespace: probeNamespace });
    await expect(thief.create(pods, pod)).rejects.toThrow(refusal);
  });
});

describe('the state of a grant', () => {
  test('is nobody’s to say but the controller’s, by whichever door', async () => {
    await expect(setStatus(admin)).rejects.toThrow(POLICY('states'));
    await setStatus(await controller());
    // Of what cannot be said this way, the API server takes no notice, and nor does the floor.
    const { status } = await admin.patch(
      taskGrants,
      { namespace: work, name: 'x' },
      { type: 'merge', body: { status: { phase: 'Active' } } },
    );
    expect(status).toBeUndefined();
  });
});

describe('a label of the product', () => {
  const said: string[] = [];
  const person = testClient(clusterKubeConfig(), { onWarning: (text) => said.push(text) });
  afterAll(() => person.close());

  /** What is warned of when it is made. */
  const warnedOf = async (make: () => Promise<unknown>): Promise<string> => {
    said.length = 0;
    await make();
    return said.join('\n');
  };
  const aNamespace = (labels: Record<string, string>) =>
    warnedOf(() =>
      person.create(
        namespaces,
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels } },
        { dryRun: true },
      ),
    );

  test('with a level that is none, or misspelt, is warned of and not refused', async () => {
    await vi.waitFor(
      async () => {
        expect(await aNamespace({ [ENFORCE_LABEL]: 'grante' })).toContain('anything else counts as required');
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(await aNamespace({ 'taskgrant.dev/enforced': 'granted' })).toContain('no others than');
    expect(await aNamespace({ [ENFORCE_LABEL]: 'required', [WARN_LABEL]: 'granted', a: 'b' })).toBe('');
  });

  const MISSPELT = { 'taskgrant.dev/grnat': 'x' };
  const RIGHT = { [GRANT_LABEL]: 'x' };
  type Labels = Record<string, string>;
  interface Made {
    what: Resource<KubernetesObject>;
    object: (own: Labels, ofPods: Labels) => KubernetesObject;
  }
  const selector = { matchLabels: { app: 'a' } };
  const template = (labels: Labels, spec: object = {}) => ({
    metadata: { labels: { app: 'a', ...labels } },
    spec: { ...NEVER_RUNS, ...spec },
  });
  const madeOf = (
    apiVersion: string,
    kind: string,
    plural: string,
    rest: (ofPods: Labels) => object,
    metadata: object = {},
  ): Made => ({
    what: resource(apiVersion, kind, plural, 'Namespaced'),
    object: (own, ofPods) => ({
      apiVersion,
      kind,
      metadata: { name: 'a', namespace: work, labels: own, ...metadata },
      ...rest(ofPods),
    }),
  });
  const owned = {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid: 'a', controller: true }],
  };
  const replicated = (ofPods: Labels) => ({ spec: { replicas: 0, selector, template: template(ofPods) } });
  const DEPLOYMENT = madeOf('apps/v1', 'Deployment', 'deployments', replicated);
  const WORKLOADS: [string, Made][] = [
    ['a Deployment', DEPLOYMENT],
    ['a ReplicaSet', madeOf('apps/v1', 'ReplicaSet', 'replicasets', replicated)],
    [
      'a CronJob',
      madeOf('batch/v1', 'CronJob', 'cronjobs', (ofPods) => ({
        spec: {
          schedule: '@daily',
          jobTemplate: { spec: { template: template(ofPods, { restartPolicy: 'Never' }) } },
        },
      })),
    ],
    [
      'a PodTemplate',
      madeOf('v1', 'PodTemplate', 'podtemplates', (ofPods) => ({ template: template(ofPods) })),
    ],
  ];
  const isJudged = () =>
    vi.waitFor(
      async () => {
        const pod = aPod('a', { labels: MISSPELT });
        expect(await warnedOf(() => person.create(pods, pod, { dryRun: true }))).toContain(
          'which alone puts it under a grant',
        );
      },
      { timeout: 60_000, interval: 200 },
    );

  test.each(WORKLOADS)('that puts no pod under a grant is warned of on %s', async (_, { what, object }) => {
    await isJudged();
    const made = (own: Labels, ofPods: Labels) =>
      warnedOf(() => person.create(what, object(own, ofPods), { dryRun: true }));
    expect(await made({}, MISSPELT)).toContain('which alone puts it under a grant');
    expect(await made(RIGHT, {})).toContain('write it into the labels of their template');
    expect(await made(RIGHT, RIGHT)).toBe('');
    expect(await made({ a: 'b' }, {})).toBe('');
  });

  test('is not told of to controllers, twice, or where grants are not enforced', async () => {
    await isJudged();
    const ofController = madeOf('apps/v1', 'ReplicaSet', 'replicasets', replicated, owned);
    expect(
      await warnedOf(() =>
        person.create(ofController.what, ofController.object({}, MISSPELT), { dryRun: true }),
      ),
    ).toBe('');
    const elsewhere = aPod('a', { labels: MISSPELT, namespace });
    expect(await warnedOf(() => person.create(pods, elsewhere, { dryRun: true }))).toBe('');

    const { what, object } = DEPLOYMENT;
    expect(await warnedOf(() => person.create(what, object({}, MISSPELT)))).toContain(
      'which alone puts it under a grant',
    );
    const place = { namespace: work, name: 'a' };
    const changed = (body: object) => warnedOf(() => person.patch(what, place, { type: 'merge', body }));
    expect(await changed({ metadata: { annotations: { a: 'b' } } })).toBe('');
    expect(await changed({ metadata: { labels: { a: 'b' } } })).toContain(
      'which alone puts it under a grant',
    );
    await person.remove(what, place);
  });
});

test('whoever has the webhook’s token writes nothing, whatever somebody has bound to it', async () => {
  const self = { kind: 'ServiceAccount', name: `${release}-webhook`, namespace };
  await bindToCluster('stolen', 'cluster-admin', self);
  const thief = await clientOf(`${release}-webhook`);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: work } };
  // A binding takes effect a while after it was written, as a policy does.
  await vi.waitFor(
    () => expect(thief.create(configMaps, map)).rejects.toThrow('the webhook of TaskGrant writes nothing'),
    { timeout: 60_000, interval: 200 },
  );
});

test('every policy of the floor is in the cluster, bound, and its expressions are well typed', async () => {
  const expected = floorPolicies({ namespace, name: release, probeNamespace }).map(
    ({ name }) => `${release}-${name}`,
  );
  for (const kind of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']) {
    const found = await kubectl('get', kind, '--output', 'jsonpath={.items[*].metadata.name}');
    expect(found.split(' ').sort()).toEqual([...expected].sort());
  }
  await vi.waitFor(
    async () => {
      const checked = await kubectl(
        ...['get', 'validatingadmissionpolicies', '--output'],
        'jsonpath={range .items[*]}{.metadata.name}: {.status.observedGeneration}{"\\n"}{end}',
      );
      expect(checked).not.toMatch(/: $/m);
    },
    { timeout: 60_000, interval: 500 },
  );
  const warnings = await kubectl(
    ...['get', 'validatingadmissionpolicies', '--output'],
    'jsonpath={range .items[*]}{.status.typeChecking.expressionWarnings}{end}',
  );
  expect(warnings).toBe('');
});

/** The API server as the controller sees it. */
function controller(): Promise<Client> {
  return clientOf(`${release}-controller`);
}

/** The API server as the task sees it. */
function task(): Client {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${work}`, 'system:authenticated'];
  return admin.as({ username: serviceAccountUsername(work, ACCOUNT), groups });
}

/** Says of the grant that it is active, in a dry run. */
async function setStatus(client: Client): Promise<unknown> {
  const grant = await admin.get(taskGrants, { namespace: work, name: 'x' });
  const activatedAt = '2099-01-01T00:00:00Z';
  return client.replace(
    taskGrants,
    { ...grant, status: { phase: 'Active', activatedAt } },
    { subresource: 'status', dryRun: true },
  );
}

/** Binds a pod to a node that is not there, with the label of a grant that it does not have. */
function bindUnderAnother(name: string, options: WriteOptions = {}): Promise<unknown> {
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, labels: { [GRANT_LABEL]: 'y' } },
    target: { apiVersion: 'v1', kind: 'Node', name: 'none' },
  };
  const place = { namespace: work, name, subresource: 'binding' };
  return admin.createSubresource(pods, place, binding, options);
}

/** Asks for a token of the grant's account. */
function mint(client: Client, account = { namespace: work, name: ACCOUNT }): Promise<unknown> {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} };
  return client.createSubresource(serviceAccounts, { ...account, subresource: 'token' }, request);
}

/** Asks a signer for a certificate for a pod under the grant, with a key of one's own. */
async function askForCertificate(
  client: Client,
  account = { namespace: work, name: ACCOUNT },
  options: WriteOptions = {},
): Promise<unknown> {
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: '', keys, signingAlgorithm },
    webcrypto,
  );
  const uids = { podUID: 'a-uid', serviceAccountUID: 'a-uid', nodeUID: 'a-uid' };
  return client.create(
    resource('certificates.k8s.io/v1', 'PodCertificateRequest', 'podcertificaterequests', 'Namespaced'),
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'PodCertificateRequest',
      metadata: { name: 'stolen', namespace: account.namespace },
      spec: {
        signerName: 'example.com/workload',
        podName: 'task',
        serviceAccountName: account.name,
        nodeName: 'node-1',
        ...uids,
        maxExpirationSeconds: 3600,
        stubPKCS10Request: Buffer.from(request.rawData).toString('base64'),
      },
    } as KubernetesObject,
    options,
  );
}

function anAccount(name = ACCOUNT): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: work, labels: OURS },
    automountServiceAccountToken: false,
  };
}

function aTokenSecret(account: string, metadata: { name?: string; finalizers?: string[] } = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'token',
      namespace: work,
      annotations: { 'kubernetes.io/service-account.name': account },
      ...metadata,
    },
    type: 'kubernetes.io/service-account-token',
  };
}

function aRole(name: string, labels: Record<string, string> = {}): Role {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { name, namespace: work, labels },
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['tickets'], verbs: ['get'] }],
  };
}

function aClusterRole(name: string): ClusterRole {
  const { rules } = aRole(name);
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, ...(rules && { rules }) };
}

function aBinding(
  name: string,
  { subject, labels = {} }: { subject?: Subject; labels?: Record<string, string> } = {},
): RoleBinding {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: work, labels },
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
    subjects: [subject ?? { kind: 'ServiceAccount', name: ACCOUNT, namespace: work }],
  };
}

function bindToCluster(name: string, role: string, subject: Subject): Promise<unknown> {
  return admin.create(clusterRoleBindings, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [subject],
  });
}

interface PodChanges {
  namespace?: string;
  labels?: Record<string, string>;
  account?: string;
}

function aPod(name: string, { namespace: its = work, labels = {}, account }: PodChanges = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: its, labels },
    spec: {
      ...NEVER_RUNS,
      ...(account !== undefined && { serviceAccountName: account }),
      automountServiceAccountToken: false,
    },
  };
}

function aGrant(): TaskGrant {
  return {
    apiVersion: 'taskgrant.dev/v1alpha1',
    kind: 'TaskGrant',
    metadata: { name: 'x', namespace: work },
    spec: {
      task: { intent: 'be left alone' },
      workload: { images: ['none'] },
      duration: '1m',
    } as TaskGrant['spec'],
  };
}
