/** Every door by which a pod can be entered or changed after it was admitted, and every level of a namespace. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AUDIT_LABEL, ENFORCE_LABEL, GRANT_LABEL, WARN_LABEL } from '../../src/api/group.ts';
import { pods, taskGrants } from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  kubectl,
  podSpec,
  TASK_IMAGE,
  testNamespaces,
  until,
  untilPhase,
  type Outcome,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const ownNamespaces = testNamespaces(client);

afterAll(async () => {
  await ownNamespaces.removeAll();
  await client.close();
});

/** For what comes in a moment, and later on a machine that has other things to do. */
const SOON = { timeout: 30_000, interval: 200 };

/** Runs until the test has seen what it wanted; its one port answers. */
const WAITS = 'while true; do sleep 1; done';

async function activeGrant(namespace: string, name: string, workload: { allowExec?: boolean } = {}) {
  const whole = { images: [TASK_IMAGE], maxPods: 5, allowExec: false, ...workload };
  expect((await apply(aGrantManifest(namespace, name, { workload: whole }))).stderr).toBe('');
  await untilPhase(client, { namespace, name }, 'Active');
}

async function runningPod(namespace: string, name: string, pod: object): Promise<void> {
  expect((await apply(pod)).stderr).toBe('');
  await until(client, pods, { namespace, name }, 'running', (found) => found?.status?.phase === 'Running');
}

const inNamespace = (namespace: string, ...args: string[]) => kubectl(['--namespace', namespace, ...args]);

/** POSTs an object to a path, as `kubectl` does where it has no command for it. */
const post = (path: string, object: object) =>
  kubectl(['create', '--raw', path, '--filename', '-'], JSON.stringify(object));

describe('into a pod under a grant', () => {
  let namespace: string;

  beforeAll(async () => {
    namespace = await ownNamespaces.create({ [ENFORCE_LABEL]: 'granted' });
    await activeGrant(namespace, 'closed');
    await activeGrant(namespace, 'open', { allowExec: true });
    const { metadata, ...others } = aPodManifest(namespace, 'others', 'none', WAITS);
    await Promise.all([
      runningPod(namespace, 'closed', aPodManifest(namespace, 'closed', 'closed', WAITS)),
      runningPod(namespace, 'open', aPodManifest(namespace, 'open', 'open', WAITS)),
      runningPod(namespace, 'others', { ...others, metadata: { ...metadata, labels: {} } }),
    ]);
  });

  const enter: [string, (pod: string) => Promise<Outcome>][] = [
    ['exec', (pod) => inNamespace(namespace, 'exec', pod, '--', 'true')],
    ['attach', (pod) => inNamespace(namespace, 'attach', pod, '--pod-running-timeout=1s')],
    [
      'portforward',
      (pod) => inNamespace(namespace, 'port-forward', pod, ':8080', '--pod-running-timeout=1s'),
    ],
    ['proxy', (pod) => kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}/proxy/`])],
  ];

  test.each(enter)('nobody gets by %s', async (door, go) => {
    const { code, stderr } = await go('closed');
    expect(stderr).toContain(
      `ExecNotAllowed pods/${door}: asked ${door} into pod closed, the grant allows none`,
    );
    expect(code).not.toBe(0);
  });

  test.each(['closed:8080', 'http:closed:8080', ':closed:'])(
    'nor to one of its ports, as %s',
    async (name) => {
      const { stderr } = await kubectl([
        'get',
        '--raw',
        `/api/v1/namespaces/${namespace}/pods/${name}/proxy/`,
      ]);
      expect(stderr).toContain('ExecNotAllowed pods/proxy: asked proxy into pod closed');
    },
  );

  test('people get where the grant allows it', async () => {
    expect(await inNamespace(namespace, 'exec', 'open', '--', 'echo', 'inside')).toMatchObject({
      code: 0,
      stdout: 'inside\n',
    });
  });

  test('and into the pods of others as ever', async () => {
    expect(await inNamespace(namespace, 'exec', 'others', '--', 'echo', 'inside')).toMatchObject({
      code: 0,
      stdout: 'inside\n',
    });
  });
});

describe('a pod under a grant', () => {
  let namespace: string;

  /** Waits for a scheduler that does not exist: it is there, and never runs. */
  const unscheduled = (name: string, labels: Record<string, string>): object => {
    const { metadata, spec, ...rest } = aPodManifest(namespace, name, '', 'true');
    return { ...rest, metadata: { ...metadata, labels }, spec: { ...spec, schedulerName: 'nobody' } };
  };
  const binding = (name: string, metadata: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, ...metadata },
    target: { apiVersion: 'v1', kind: 'Node', name: 'node-1' },
  });
  const doors = (name: string): [string, string][] => [
    ['pods/binding', `/api/v1/namespaces/${namespace}/pods/${name}/binding`],
    ['bindings', `/api/v1/namespaces/${namespace}/bindings`],
  ];

  beforeAll(async () => {
    namespace = await ownNamespaces.create({ [ENFORCE_LABEL]: 'granted' });
    await activeGrant(namespace, 'task');
    expect((await apply(unscheduled('task', { [GRANT_LABEL]: 'task' }))).stderr).toBe('');
    expect((await apply(unscheduled('plain', {}))).stderr).toBe('');
  });

  test('is bound by nobody but a scheduler', async () => {
    for (const [door, path] of doors('task')) {
      const { code, stderr } = await post(path, binding('task'));
      expect([door, code, stderr]).toEqual([
        door,
        1,
        expect.stringContaining('NodeAccess target.name: asked node'),
      ]);
    }
  });

  test('gets no other identity system’s annotation by its binding', async () => {
    const annotations = { 'iam.amazonaws.com/role': 'admin' };
    for (const [, path] of doors('task')) {
      const { stderr } = await post(path, binding('task', { annotations }));
      expect(stderr).toContain(
        'ExternalIdentityNotGranted metadata.annotations[iam.amazonaws.com/role]: asked admin',
      );
    }
  });

  test('does not become one by the label of its binding', async () => {
    for (const [, path] of doors('plain')) {
      const { stderr } = await post(path, binding('plain', { labels: { [GRANT_LABEL]: 'task' } }));
      expect(stderr).toContain('GrantLabelImmutable');
    }
  });

  test('keeps its label whatever is written to its status', async () => {
    const patch = JSON.stringify({ metadata: { labels: { [GRANT_LABEL]: 'other' } } });
    const { stderr } = await inNamespace(
      namespace,
      'patch',
      'pod',
      'task',
      '--subresource=status',
      '--type=merge',
      `--patch=${patch}`,
    );
    expect(stderr).toContain('GrantLabelImmutable');
  });

  test('gets no other identity system’s annotation later', async () => {
    const { stderr } = await inNamespace(
      namespace,
      'annotate',
      'pod',
      'task',
      'vault.hashicorp.com/role=admin',
    );
    expect(stderr).toContain('ExternalIdentityNotGranted metadata.annotations[vault.hashicorp.com/role]');
  });

  test('can be resized', async () => {
    const patch = JSON.stringify({
      spec: { containers: [{ name: 'task', resources: { limits: { cpu: '200m' } } }] },
    });
    const pod = aPodManifest(namespace, 'sized', 'task', WAITS);
    const [container] = pod.spec.containers;
    const sized = {
      ...pod,
      spec: { ...pod.spec, containers: [{ ...container, resources: { limits: { cpu: '100m' } } }] },
    };
    await runningPod(namespace, 'sized', sized);
    const { code, stderr } = await inNamespace(
      namespace,
      'patch',
      'pod',
      'sized',
      '--subresource=resize',
      `--patch=${patch}`,
    );
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('a workload whose pods will be refused', () => {
  let namespace: string;
  const template = (more: object = {}) => ({
    metadata: { labels: { app: 'x', [GRANT_LABEL]: 'task' } },
    spec: { ...podSpec('true'), hostNetwork: true, ...more },
  });
  const always = { restartPolicy: 'Always' };
  const selector = { matchLabels: { app: 'x' } };
  const paths: [string, string, object, string][] = [
    ['apps/v1', 'Deployment', { spec: { selector, template: template(always) } }, 'spec.template.'],
    [
      'apps/v1',
      'StatefulSet',
      { spec: { selector, serviceName: 'x', template: template(always) } },
      'spec.template.',
    ],
    ['apps/v1', 'DaemonSet', { spec: { selector, template: template(always) } }, 'spec.template.'],
    ['apps/v1', 'ReplicaSet', { spec: { selector, template: template(always) } }, 'spec.template.'],
    [
      'v1',
      'ReplicationController',
      { spec: { selector: { app: 'x' }, template: template(always) } },
      'spec.template.',
    ],
    ['batch/v1', 'Job', { spec: { template: template() } }, 'spec.template.'],
    [
      'batch/v1',
      'CronJob',
      { spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: template() } } } },
      'spec.jobTemplate.spec.template.',
    ],
    ['v1', 'PodTemplate', { template: template() }, 'template.'],
  ];

  beforeAll(async () => {
    namespace = await ownNamespaces.create({ [ENFORCE_LABEL]: 'granted' });
    await activeGrant(namespace, 'task');
  });

  test.each(paths)('%s %s is applied, with a warning', async (apiVersion, kind, rest, prefix) => {
    const object = { apiVersion, kind, metadata: { namespace, name: 'x' }, ...rest };
    const { code, stderr } = await kubectl(
      ['create', '--dry-run=server', '--filename', '-'],
      JSON.stringify(object),
    );
    expect(stderr).toContain(
      `Warning: NodeAccess ${prefix}spec.hostNetwork: asked true, a grant allows nothing of its node`,
    );
    expect(code).toBe(0);
  });

  test('is not warned of what is filled in, nor of what its grant allows', async () => {
    const good = { metadata: { labels: { app: 'x', [GRANT_LABEL]: 'task' } }, spec: podSpec('true') };
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace, name: 'good' },
      spec: { template: good },
    };
    expect(
      (await kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(job))).stderr,
    ).toBe('');
  });
});

describe('a namespace in which every pod needs a grant', () => {
  let namespace: string;
  const plain = (name: string, spec: object = {}): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: { ...podSpec('true'), ...spec },
  });

  beforeAll(async () => {
    namespace = await ownNamespaces.create({ [ENFORCE_LABEL]: 'required' });
  });

  test('refuses one that gets a token', async () => {
    const { stderr } = await apply(plain('token'));
    expect(stderr).toContain(
      'GrantRequired spec.automountServiceAccountToken: asked the token that is mounted by default',
    );
  });

  test('takes one that has no identity', async () => {
    expect((await apply(plain('nobody', { automountServiceAccountToken: false }))).stderr).toBe('');
  });

  test('refuses one that reads a Secret', async () => {
    const volumes = [{ name: 'v', secret: { secretName: 'password' } }];
    const { stderr } = await apply(plain('secret', { automountServiceAccountToken: false, volumes }));
    expect(stderr).toContain('GrantRequired spec.volumes[0].secret.secretName: asked Secret password');
  });

  test('takes pods under a grant', async () => {
    await activeGrant(namespace, 'task');
    expect((await apply(aPodManifest(namespace, 'granted', 'task', 'true'))).stderr).toBe('');
  });

  test('warns of workloads without one', async () => {
    const spec = { template: { spec: podSpec('true') } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name: 'plain' }, spec };
    const { stderr } = await kubectl(['create', '--dry-run=server', '--filename', '-'], JSON.stringify(job));
    expect(stderr).toContain('Warning: GrantRequired spec.template.spec.automountServiceAccountToken');
  });
});

test('a namespace that is only warned refuses nothing, and says what it would', async () => {
  const namespace = await ownNamespaces.create({ [WARN_LABEL]: 'required' });
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'p' }, spec: podSpec('true') };
  const { code, stderr } = await apply(pod);
  expect(stderr).toContain('Warning: GrantRequired spec.automountServiceAccountToken');
  expect(code).toBe(0);
  // The node that it is given is nothing that somebody asks for.
  await until(
    client,
    pods,
    { namespace, name: 'p' },
    'on a node',
    (found) => found?.spec?.nodeName !== undefined,
  );
  expect(await inNamespace(namespace, 'label', 'pod', 'p', 'note=read')).toMatchObject({
    code: 0,
    stderr: '',
  });
});

/** Where a local cluster's API server writes every request; other drivers' logs cannot be read from here. */
const AUDIT_LOG = join(dirname(process.env['KUBECONFIG'] ?? ''), 'logs', 'audit.log');

/** What was noted about the creation of a pod, once it is written. */
async function auditedCreation(namespace: string, name: string): Promise<Record<string, string>> {
  return vi.waitFor(async () => {
    const lines = (await readFile(AUDIT_LOG, 'utf8'))
      .split('\n')
      .filter((line) => line.includes(`"${namespace}"`));
    const events = lines.map(
      (line) =>
        JSON.parse(line) as {
          verb: string;
          objectRef?: { resource: string; name?: string };
          annotations?: Record<string, string>;
        },
    );
    const event = events.find(
      ({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'pods' && objectRef.name === name,
    );
    if (!event?.annotations) throw new Error(`the audit log has no creation of pod ${name}`);
    return event.annotations;
  }, SOON);
}

describe.runIf(process.env['TASKGRANT_CLUSTER_DRIVER'] === 'local')('the audit log', () => {
  test('names the decision under which a pod was admitted', async () => {
    const namespace = await ownNamespaces.create({ [ENFORCE_LABEL]: 'granted' });
    await activeGrant(namespace, 'task');
    const { status } = await client.get(taskGrants, { namespace, name: 'task' });
    expect((await apply(aPodManifest(namespace, 'noted', 'task', 'true'))).stderr).toBe('');
    expect(await auditedCreation(namespace, 'noted')).toMatchObject({
      'pods.taskgrant.dev/grant': 'task',
      'pods.taskgrant.dev/decision': status?.decision?.id,
    });
  });

  test('says what would be refused, where a namespace is only audited', async () => {
    const namespace = await ownNamespaces.create({ [AUDIT_LABEL]: 'required' });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'p' }, spec: podSpec('true') };
    expect(await apply(pod)).toMatchObject({ code: 0, stderr: '' });
    expect(await auditedCreation(namespace, 'p')).toMatchObject({
      'audit.pods.taskgrant.dev/violations': 'GrantRequired',
    });
  });
});

describe('the label of a namespace', () => {
  test('stays while a grant has rights there, and can be changed to another level', async () => {
    const namespace = await ownNamespaces.create({ [ENFORCE_LABEL]: 'granted' });
    await activeGrant(namespace, 'task');
    const label = (value: string, ...flags: string[]) =>
      kubectl(['label', '--overwrite', 'namespace', namespace, `${ENFORCE_LABEL}${value}`, ...flags]);
    // The cache of the replica that is asked hears of the grant in a moment; until then it would let the label go.
    await vi.waitFor(async () => {
      expect((await label('-', '--dry-run=server')).stderr).toContain(
        `NamespaceLabelHeld metadata.labels[${ENFORCE_LABEL}]: asked no label`,
      );
      expect((await label('=off', '--dry-run=server')).stderr).toContain('NamespaceLabelHeld');
    }, SOON);
    expect((await label('=required')).code).toBe(0);
    await kubectl(['--namespace', namespace, 'delete', 'taskgrant', 'task']);
    // And of its end as well.
    await vi.waitFor(async () => {
      expect((await label('-')).stderr).toBe('');
    }, SOON);
  });
});
