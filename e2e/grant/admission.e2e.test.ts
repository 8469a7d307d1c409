/** What is refused at the door, by the installed product: with every reason at once, and with what to do. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  API_VERSION,
  CEILING_LABEL,
  ENFORCE_LABEL,
  FINALIZER,
  GRANT_LABEL,
  GROUP,
  MAX_GRANT_NAME_LENGTH,
} from '../../src/api/group.ts';
import type { Pod } from '../../src/api/kubernetes.ts';
import { MOST_FINALIZERS } from '../../src/api/taskgrant.ts';
import { serviceAccountUsername } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  clusterRoles,
  namespaces,
  pods,
  roleBindings,
  taskGrantClasses,
  taskGrants,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { NAMESPACE as RELEASE_NAMESPACE, RELEASE } from '../product/install.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  enforcedNamespace,
  exists,
  kubectl,
  PATIENCE,
  refusals,
  TASK_IMAGE,
  until,
  untilAllowed,
  untilFinished,
  untilPhase,
  untilRefused,
  type Outcome,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
let namespace: string;

beforeAll(async () => {
  namespace = await enforcedNamespace(client);
  const { stderr } = await apply(
    // May edit the namespace, and holds nothing anywhere else.
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace, name: 'jane-edits' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    },
  );
  expect(stderr).toBe('');
  const useOfDefault = {
    namespace,
    verb: 'use',
    group: GROUP,
    resource: 'taskgrantclasses',
    name: 'default',
  };
  await untilAllowed(client, { username: 'jane' }, useOfDefault);
});

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  // The test that makes it may have been left out.
  if (await exists(client, taskGrantClasses, { name: CLASS }))
    await client.remove(taskGrantClasses, { name: CLASS });
  await client.close();
});

/** A class that only this test uses. */
const CLASS = 'admission-e2e';

/** kubectl apply as somebody else. */
function applyAs(user: string, ...objects: readonly object[]): Promise<Outcome> {
  return kubectl(
    ['--as', user, 'apply', '-f', '-'],
    objects.map((object) => JSON.stringify(object)).join('\n---\n'),
  );
}

async function activeGrant(name: string, spec: Parameters<typeof aGrantManifest>[2] = {}) {
  expect((await apply(aGrantManifest(namespace, name, spec))).stderr).toBe('');
  return untilPhase(client, { namespace, name }, 'Active');
}

async function example(file: string): Promise<Pod> {
  const text = await readFile(fileURLToPath(new URL(`../../examples/${file}`, import.meta.url)), 'utf8');
  return parseAllDocuments(text)[0]?.toJS() as Pod;
}

describe('a pod that asks for more than its grant', () => {
  test('is refused with everything that is wrong with it, in the order of its file', async () => {
    const { metadata, ...greedy } = await example('greedy.yaml');
    await activeGrant('summarise-tickets');
    const shared = { apiVersion: 'v1', kind: 'ServiceAccount' };
    await apply({ ...shared, metadata: { namespace, name: 'shared-automation' } });
    const outcome = await apply({ ...greedy, metadata: { ...metadata, namespace } });
    expect(refusals(outcome)).toEqual([
      'TokenAutomounted spec.automountServiceAccountToken',
      'SecretNotGranted spec.containers[0].env[0].valueFrom.secretKeyRef.name',
      'ImageNotGranted spec.containers[0].image',
      'SecretNotGranted spec.imagePullSecrets[0].name',
      'SecretNotGranted spec.initContainers[0].envFrom[0].secretRef.name',
      'ImageNotGranted spec.initContainers[0].image',
      'ServiceAccountNotGranted spec.serviceAccountName',
      'SecretNotGranted spec.volumes[0].secret.secretName',
      'TokenAudienceNotGranted spec.volumes[1].projected.sources[0].serviceAccountToken.audience',
      'TokenLivesTooLong spec.volumes[1].projected.sources[1].serviceAccountToken.expirationSeconds',
      'TokenLivesTooLong spec.volumes[1].projected.sources[2].serviceAccountToken.expirationSeconds',
      'TokenWouldBeExtended spec.volumes[1].projected.sources[2].serviceAccountToken.expirationSeconds',
      'TokenShadowed spec.volumes[1].projected.sources[3]',
      'SecretNotGranted spec.volumes[1].projected.sources[3].secret.name',
    ]);
    expect(outcome.stderr).toContain('; '); // what to do
    expect(await exists(client, pods, { namespace, name: 'greedy' })).toBe(false);
  });

  test('is refused where it uses a grant’s account without the grant’s label', async () => {
    const { status } = await activeGrant('unlabelled');
    const { metadata, spec, ...pod } = aPodManifest(namespace, 'unlabelled', 'unlabelled', 'true');
    const outcome = await apply({
      ...pod,
      metadata: { namespace: metadata.namespace, name: metadata.name },
      spec: { ...spec, serviceAccountName: status?.serviceAccountName },
    });
    expect(refusals(outcome)).toEqual(['GrantLabelMissing spec.serviceAccountName']);
  });

  test('is refused where the grant has had all its pods', async () => {
    await activeGrant('once');
    expect((await apply(aPodManifest(namespace, 'once-1', 'once', 'sleep 600'))).stderr).toBe('');
    const second = aPodManifest(namespace, 'once-2', 'once', 'sleep 600');
    const { stderr } = await untilRefused(second, [`PodsUsedUp metadata.labels[${GRANT_LABEL}]`]);
    expect(stderr).toMatch(/the grant allows 1/);
  });

  test('does not stay, where so many were sent at once that more came in than the grant allows', async () => {
    await activeGrant('crowd', {
      workload: { images: [TASK_IMAGE], maxPods: 3, allowExec: false },
    });
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        apply(aPodManifest(namespace, `crowd-${index}`, 'crowd', 'sleep 600')),
      ),
    );
    // Replicas of the webhook count by what they have heard of: 3 at least, and the controller ends what is beyond.
    expect(outcomes.filter(({ code }) => code === 0).length).toBeGreaterThanOrEqual(3);
    const labelSelector = `${GRANT_LABEL}=crowd`;
    // Which of them there are, and which it counts, it hears and says one after the other.
    await vi.waitFor(async () => {
      const left = await listAll(client, pods, { namespace }, { labelSelector });
      const { status } = await client.get(taskGrants, { namespace, name: 'crowd' });
      expect(left).toHaveLength(3);
      expect(status?.podsUsed).toBe('3/3');
      expect(status?.pods?.map(({ uid }) => uid).toSorted()).toEqual(
        left.map(({ metadata }) => metadata.uid).toSorted(),
      );
    }, PATIENCE);
  });
});

describe('the label of a pod that exists', () => {
  const place = () => ({ namespace, name: 'labelled' });
  const changed = (value: string | null) =>
    kubectl([
      ...['--namespace', namespace, 'patch', 'pod', 'labelled', '--type=merge', '--patch'],
      JSON.stringify({ metadata: { labels: { [GRANT_LABEL]: value } } }),
    ]);

  beforeAll(async () => {
    await activeGrant('labelled');
    expect((await apply(aPodManifest(namespace, 'labelled', 'labelled', 'sleep 600'))).stderr).toBe('');
  });

  test.each([
    ['taken off', null],
    ['moved to another grant', 'other'],
  ])('cannot be %s', async (_, value) => {
    expect(refusals(await changed(value))).toEqual([`GrantLabelImmutable metadata.labels[${GRANT_LABEL}]`]);
    expect((await client.get(pods, place())).metadata.labels).toMatchObject({ [GRANT_LABEL]: 'labelled' });
  });

  test('cannot be put on a pod that was created without', async () => {
    const { metadata, ...pod } = aPodManifest(namespace, 'plain', 'labelled', 'sleep 600');
    expect((await apply({ ...pod, metadata: { namespace, name: metadata.name } })).stderr).toBe('');
    const outcome = await kubectl([
      ...['--namespace', namespace, 'label', 'pod', 'plain', `${GRANT_LABEL}=labelled`],
    ]);
    expect(refusals(outcome)).toEqual([`GrantLabelImmutable metadata.labels[${GRANT_LABEL}]`]);
  });

  test('and nothing of identity beside it: the image cannot be changed, other labels can', async () => {
    const image = await kubectl([
      ...['--namespace', namespace, 'set', 'image', 'pod/labelled', 'task=localhost/taskgrant-task:2'],
    ]);
    expect(refusals(image)).toEqual(['ImageChanged spec.containers[0].image']);
    const label = await kubectl(['--namespace', namespace, 'label', 'pod', 'labelled', 'team=a']);
    expect(label).toMatchObject({ code: 0, stderr: '' });
  });

  test('nor can somebody be put into the pod, where the grant does not allow it', async () => {
    const outcome = await kubectl([
      // Without this profile it asks for SYS_PTRACE as well.
      ...[
        '--namespace',
        namespace,
        'debug',
        'labelled',
        '--image=localhost/taskgrant-task:1',
        '--profile=baseline',
        '--',
        'sh',
      ],
    ]);
    expect(refusals(outcome)).toEqual(['ExecNotAllowed spec.ephemeralContainers[0]']);
  });
});

describe('a grant', () => {
  test('says who asked for it, whatever it said itself', async () => {
    const forged = aGrantManifest(namespace, 'forged');
    const { stderr } = await applyAs('jane', {
      ...forged,
      spec: { ...forged.spec, requestedBy: { username: 'system:admin', groups: ['system:masters'] } },
    });
    expect(stderr).toBe('');
    const { spec } = await client.get(taskGrants, { namespace, name: 'forged' });
    expect(spec.requestedBy).toMatchObject({ username: 'jane', groups: ['system:authenticated'] });
    const patched = await kubectl([
      ...['--namespace', namespace, 'patch', 'taskgrant', 'forged', '--type=merge', '--patch'],
      JSON.stringify({ spec: { requestedBy: { username: 'system:admin' } } }),
    ]);
    expect(patched.code).toBe(1);
    expect(patched.stderr).toContain('spec.requestedBy');
  });

  test('is created by no task, whatever it may do', async () => {
    const { status } = await activeGrant('founder');
    const self = `system:serviceaccount:${namespace}:${status?.serviceAccountName}`;
    const outcome = await kubectl(
      ['--as', self, '--as-group', 'system:masters', 'create', '--filename', '-'],
      JSON.stringify(aGrantManifest(namespace, 'successor')),
    );
    expect(refusals(outcome)).toEqual(['DelegationNotGranted spec.requestedBy.username']);
  });

  test('that exists is given no finalizers without end, and those that it has can be taken off', async () => {
    const place = { namespace, name: 'finalized' };
    await activeGrant(place.name);
    const others = (count: number) => Array.from({ length: count }, (_, at) => `example.com/${at}`);
    const finalizing = (finalizers: readonly string[]) =>
      kubectl([
        ...['--namespace', namespace, 'patch', 'taskgrant', place.name, '--type=merge', '--patch'],
        JSON.stringify({ metadata: { finalizers: [FINALIZER, ...finalizers] } }),
      ]);
    for (const count of [MOST_FINALIZERS, 5000])
      expect(refusals(await finalizing(others(count)))).toEqual(['TooManyFinalizers metadata.finalizers']);
    for (const count of [MOST_FINALIZERS - 1, 1, 0]) {
      expect(await finalizing(others(count))).toMatchObject({ code: 0 });
      const { metadata } = await client.get(taskGrants, place);
      expect(metadata.finalizers).toEqual([FINALIZER, ...others(count)]);
    }
  });

  test('of a class that does not exist is refused, and told where to look', async () => {
    const outcome = await apply(aGrantManifest(namespace, 'classless', { className: 'nowhere' }));
    expect(refusals(outcome)).toEqual(['ClassNotFound spec.className']);
    expect(outcome.stderr).toContain('kubectl get taskgrantclasses');
  });

  test('is told everything at once of what is not enforced yet', async () => {
    const outcome = await apply(
      aGrantManifest(namespace, 'ahead', {
        limits: { writes: 3 },
        parentRef: { name: 'plan' },
      }),
    );
    expect(refusals(outcome)).toEqual([
      'NotSupportedYet spec.limits.writes',
      'NotSupportedYet spec.parentRef',
    ]);
  });

  test('with a name that is too long is told how long one may be', async () => {
    const outcome = await apply(aGrantManifest(namespace, 'x'.repeat(MAX_GRANT_NAME_LENGTH + 1)));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`metadata.name must be at most ${MAX_GRANT_NAME_LENGTH} characters`);
    expect(outcome.stderr).toContain('choose a shorter one');
    const longest = await apply(aGrantManifest(namespace, 'x'.repeat(MAX_GRANT_NAME_LENGTH)));
    expect(longest.stderr).toBe('');
    await untilPhase(client, { namespace, name: 'x'.repeat(MAX_GRANT_NAME_LENGTH) }, 'Active');
  });

  test('beyond the limits of its class is refused with each of them', async () => {
    const outcome = await apply(
      aGrantManifest(namespace, 'limits', {
        duration: '1000h',
        workload: { images: [TASK_IMAGE], maxPods: 1000, allowExec: false },
      }),
    );
    expect(refusals(outcome)).toEqual(['LimitExceeded spec.duration', 'LimitExceeded spec.workload.maxPods']);
  });

  test('that does not fit the schema is refused with the field and what it may be', async () => {
    const { spec, ...grant } = aGrantManifest(namespace, 'malformed');
    const outcome = await apply({ ...grant, spec: { ...spec, duration: 'soon', surprise: true } });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('unknown field "spec.surprise"');
    const alone = await apply({ ...grant, spec: { ...spec, duration: 'soon' } });
    expect(alone.stderr).toMatch(/spec\.duration: Invalid value: .*such as 1h30m/);
  });

  test.each([
    ['no spec', {}, /spec: Required value/],
    ['a text for its spec', { spec: 'soon' }, /spec: Invalid value: "string"/],
    ['a list for its task', { spec: { task: [], duration: '10m' } }, /spec\.task: Invalid value: "array"/],
  ])('with %s is refused in the words of the schema', async (_, wrong, words) => {
    const { apiVersion, kind, metadata } = aGrantManifest(namespace, 'shapeless');
    const { code, stderr } = await apply({ apiVersion, kind, metadata, ...wrong });
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
  });

  test('that gives more than its requester holds is refused with each right that is beyond', async () => {
    const outcome = await applyAs(
      'jane',
      aGrantManifest(namespace, 'beyond-jane', {
        envelope: {
          kubernetes: [
            { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
            {
              namespaces: ['kube-system'],
              apiGroups: [''],
              resources: ['configmaps'],
              verbs: ['get', 'list'],
            },
          ],
        },
      }),
    );
    expect(refusals(outcome)).toEqual([
      'ClassNotAllowed spec.className',
      'BeyondRequester spec.envelope.kubernetes[1]',
      'BeyondRequester spec.envelope.kubernetes[1]',
    ]);
    expect(outcome.stderr).toContain('default in namespace kube-system');
    expect(outcome.stderr).toContain('get configmaps in namespace kube-system');
    expect(outcome.stderr).toContain('list configmaps in namespace kube-system');
  });

  /** Rights that the class `default` has only as long as somebody adds them to its ceiling. */
  const CLAIMS = { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'list'] };
  const LISTS_CLAIMS = { verb: 'list', group: '', resource: 'persistentvolumeclaims' };
  /** Of the class `default`. */
  const GRANTOR = serviceAccountUsername(RELEASE_NAMESPACE, `${RELEASE}-grantor-default`);

  test('that gives what somebody has given to all service accounts of the cluster is beyond its ceiling all the same', async () => {
    await client.create(roleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace, name: 'to-all-accounts' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:serviceaccounts' }],
    });
    try {
      const grantor = { username: GRANTOR, groups: ['system:serviceaccounts'] };
      await untilAllowed(client, grantor, { namespace, ...LISTS_CLAIMS });
      const outcome = await apply(
        aGrantManifest(namespace, 'by-ambient-rights', { envelope: { kubernetes: [CLAIMS] } }),
      );
      expect(outcome.code).not.toBe(0);
      expect(new Set(refusals(outcome))).toEqual(new Set(['BeyondCeiling spec.envelope.kubernetes[0]']));
    } finally {
      await client.remove(roleBindings, { namespace, name: 'to-all-accounts' });
    }
  });

  test('that gives more than the grantor of its class holds is refused even to a cluster admin, with everything that is beyond', async () => {
    const outcome = await apply(
      aGrantManifest(namespace, 'beyond-ceiling', {
        envelope: {
          kubernetes: [
            { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create'] },
            CLAIMS,
            { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['get'] },
          ],
          tokens: [{ name: 'api', expirationSeconds: 600 }],
        },
      }),
    );
    expect(refusals(outcome)).toEqual([
      'BeyondCeiling spec.envelope.kubernetes[0]',
      'BeyondCeiling spec.envelope.kubernetes[1]',
      'BeyondCeiling spec.envelope.kubernetes[1]',
      'BeyondCeiling spec.envelope.kubernetes[2]',
    ]);
    for (const right of [
      `create configmaps in namespace ${namespace}`,
      `get persistentvolumeclaims in namespace ${namespace}`,
      `list persistentvolumeclaims in namespace ${namespace}`,
      `get deployments.apps/scale in namespace ${namespace}`,
    ])
      expect(outcome.stderr).toContain(right);
  });

  test('whose class has been narrowed since is denied when it should become active, in the API server’s own words', async () => {
    const more = `more-${namespace}`;
    const bare = await enforcedNamespace(client, {});
    const ceilingHasClaims = (isThere: boolean) =>
      untilAllowed(client, { username: GRANTOR }, { namespace: bare, ...LISTS_CLAIMS }, isThere);
    await apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: more, labels: { [CEILING_LABEL]: 'default' } },
      rules: [CLAIMS],
    });
    await ceilingHasClaims(true);
    const place = { namespace: bare, name: 'narrowed' };
    const envelope = { kubernetes: [CLAIMS], tokens: [{ name: 'api', expirationSeconds: 600 }] };
    // It waits, since nothing is enforced in its namespace.
    expect(await apply(aGrantManifest(bare, 'narrowed', { envelope }))).toMatchObject({ code: 0 });
    await client.remove(clusterRoles, { name: more });
    await ceilingHasClaims(false);
    await kubectl(['label', 'namespace', bare, `${ENFORCE_LABEL}=granted`]);
    const { status } = await untilFinished(client, place);
    expect(status?.phase).toBe('Denied');
    const provisioned = status?.conditions?.find(({ type }) => type === 'Provisioned');
    expect(provisioned).toMatchObject({ status: 'False', reason: 'BeyondCeiling' });
    expect(provisioned?.message).toContain('Resources:["persistentvolumeclaims"]');
    await client.remove(namespaces, { name: bare });
  });

  test('needs the right to use its class', async () => {
    await apply({
      apiVersion: API_VERSION,
      kind: 'TaskGrantClass',
      metadata: { name: CLASS },
      spec: { grantor: { namespace: 'taskgrant-system', name: 'taskgrant-grantor-default' } },
    });
    await until(
      client,
      taskGrantClasses,
      { name: CLASS },
      'accepted',
      (found) => found?.status?.conditions?.[0]?.status === 'True',
    );
    const outcome = await applyAs('jane', aGrantManifest(namespace, 'unusable', { className: CLASS }));
    expect(refusals(outcome)).toEqual(['ClassNotAllowed spec.className']);
  });

  test('of a class with an expression that does not compile is refused, and the class says why', async () => {
    await client.patch(
      taskGrantClasses,
      { name: CLASS },
      { type: 'merge', body: { spec: { validations: [{ expression: 'grant.spec.nothing == 1' }] } } },
    );
    const found = await until(
      client,
      taskGrantClasses,
      { name: CLASS },
      'not accepted',
      (one) => one?.status?.conditions?.[0]?.status === 'False',
    );
    expect(found?.status?.conditions?.[0]).toMatchObject({ type: 'Accepted', reason: 'Invalid' });
    expect(found?.status?.conditions?.[0]?.message).toContain(
      'spec.validations[0].expression: asked grant.spec.nothing == 1, compiling it says No such key: nothing, at line 1, column 12',
    );
    const grant = aGrantManifest(namespace, 'unenforced', { className: CLASS });
    await untilRefused(grant, ['ClassNotAccepted spec.className']);
  });

  test('in a namespace without the label stays pending, says so, and goes on when it is there', async () => {
    const bare = await enforcedNamespace(client, {});
    const { code, stderr } = await apply(aGrantManifest(bare, 'early'));
    expect(code).toBe(0);
    expect(stderr).toContain(`kubectl label ns ${bare} ${ENFORCE_LABEL}=granted`);
    const place = { namespace: bare, name: 'early' };
    const waiting = await until(client, taskGrants, place, 'told', (grant) =>
      (grant?.status?.conditions ?? []).some(({ reason }) => reason === 'NamespaceNotEnforced'),
    );
    expect(waiting?.status).toMatchObject({ phase: 'Pending' });
    expect(waiting?.status?.inventory ?? []).toEqual([]);
    await kubectl(['label', 'namespace', bare, `${ENFORCE_LABEL}=granted`]);
    await untilPhase(client, place, 'Active');
    await client.remove(namespaces, { name: bare });
  });
});
