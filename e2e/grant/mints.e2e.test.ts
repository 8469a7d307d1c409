/** Every token of a grant's account is a new decision: who asks, for which pod, for which audience and for how long. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Pod, Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant, TaskGrantSpec } from '../../src/api/taskgrant.ts';
import { pods, taskGrants } from '../../src/kube/resources.ts';
import { clusterKubeConfig, minorVersion, testClient } from '../kube/testbed.ts';
import {
  AS_NODE as NODE,
  aGrantManifest,
  aPodManifest,
  apply,
  kubectl,
  PATIENCE,
  TASK_IMAGE,
  testNamespaces,
  until,
  untilFinished,
  untilPhase,
  type Outcome,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
const ownNamespaces = testNamespaces(client);

afterAll(async () => {
  await ownNamespaces.removeAll();
  await client.close();
});

interface Task {
  grant: Stored<TaskGrant>;
  pod: Stored<Pod>;
}

/** A pod that runs under a grant, in a namespace of its own. */
async function aRunningTask(name: string, spec: Partial<TaskGrantSpec> = {}): Promise<Task> {
  const namespace = await ownNamespaces.create();
  const workload = { images: [TASK_IMAGE], maxPods: 1, allowExec: true };
  const place = { namespace, name };
  expect((await apply(aGrantManifest(namespace, name, { workload, ...spec }))).stderr).toBe('');
  await untilPhase(client, place, 'Active');
  const manifest = aPodManifest(namespace, name, name, 'while true; do sleep 1; done');
  expect((await apply(manifest)).stderr).toBe('');
  const pod = await until(client, pods, place, 'running', (found) => found?.status?.phase === 'Running');
  if (!pod) throw new Error('a pod that is running exists');
  return { grant: await client.get(taskGrants, place), pod };
}

interface Claims {
  aud: string[];
  /** Seconds since the epoch. */
  exp: number;
  iat: number;
}

/** What the token says that the kubelet has put into the pod; whether it is good, the API server says elsewhere. */
async function claimsIn({ metadata }: Stored<Pod>, path: string): Promise<Claims> {
  const place = ['--namespace', metadata.namespace ?? '', metadata.name];
  const { stdout, stderr } = await kubectl(['exec', ...place, '--', 'cat', path]);
  expect(stderr).toBe('');
  return JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

/** The webhook says how long a token lives, and the API server mints it a while later: by so much it may outlive its grant (judge-mint.ts). */
const LEEWAY_SECONDS = 30;

const API_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

interface Ask {
  audiences?: string[];
  expirationSeconds?: number;
  boundObjectRef?: { apiVersion?: string; kind?: string; name?: string; uid?: string } | undefined;
}

/** Asks for a token as the kubelet does, but for what is said; as a cluster admin, where nobody else is named. */
function mint({ grant, pod }: Task, ask: Ask = {}, as: string[] = []): Promise<Outcome> {
  const { namespace } = grant.metadata;
  const account = grant.status?.serviceAccountName ?? '';
  const { name, uid } = pod.metadata;
  const spec = {
    audiences: [],
    expirationSeconds: 600,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    ...ask,
  };
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  return kubectl(['create', '--raw', path, '--filename', '-', ...as], JSON.stringify(request));
}

describe('the kubelet', () => {
  test('gets the tokens of the envelope, each with the lifetime that it says', async () => {
    const { pod } = await aRunningTask('gets', {
      envelope: {
        tokens: [
          { name: 'api', expirationSeconds: 600 },
          { name: 'tools', audience: 'https://tools.example', expirationSeconds: 900 },
        ],
      },
      duration: '1h',
    });
    const [api, tools] = await Promise.all([
      claimsIn(pod, API_TOKEN),
      claimsIn(pod, '/var/run/secrets/taskgrant.dev/tools/token'),
    ]);
    expect(api.exp - api.iat).toBe(600);
    expect(tools.aud).toEqual(['https://tools.example']);
    expect(tools.exp - tools.iat).toBe(900);
  });

  test('gets none that lives longer than the grant, whatever the pod says: the API server itself caps nothing there', async () => {
    const { grant, pod } = await aRunningTask('shortened', {
      envelope: { tokens: [{ name: 'api', expirationSeconds: 3600 }] },
      duration: '20m',
    });
    const { exp, iat } = await claimsIn(pod, API_TOKEN);
    const end = Date.parse(grant.status?.expiresAt ?? '') / 1000;
    expect(exp).toBeLessThanOrEqual(end + LEEWAY_SECONDS);
    expect(exp - iat).toBeGreaterThan(1000);
  });

  test('gets one of ten minutes, the least that there is, where the grant is shorter than that', async () => {
    const { pod } = await aRunningTask('short', {
      envelope: { tokens: [{ name: 'api', expirationSeconds: 900 }] },
      duration: '5m',
    });
    const { exp, iat } = await claimsIn(pod, API_TOKEN);
    expect(exp - iat).toBe(600);
  });
});

describe('of a task that runs', () => {
  let task: Task;
  beforeAll(async () => {
    task = await aRunningTask('guarded', {
      envelope: { tokens: [{ name: 'api', expirationSeconds: 3600 }] },
      duration: '1h',
    });
  });

  test('its node gets a token', async () => {
    const { stdout, stderr } = await mint(task, {}, NODE);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'TokenRequest', spec: { expirationSeconds: 600 } });
  });

  test.each<[string, Ask, string[], string]>([
    ['a cluster admin', {}, [], 'TokenNotAskedByNode'],
    ['somebody who may impersonate the account', {}, ['--as-account'], 'TokenNotAskedByNode'],
    [
      'its node, for a token that the API server extends to a year',
      { expirationSeconds: 3607 },
      NODE,
      'TokenWouldBeExtended',
    ],
    ['its node, for a day', { expirationSeconds: 86_400 }, NODE, 'TokenLivesTooLong'],
  ])('%s gets none', async (_, ask, as, code) => {
    const { namespace } = task.grant.metadata;
    const account = `system:serviceaccount:${namespace}:${task.grant.status?.serviceAccountName ?? ''}`;
    const who = as.includes('--as-account') ? ['--as', account, '--as-group', 'system:masters'] : as;
    const { stdout, stderr } = await mint(task, ask, who);
    expect(stdout).toBe('');
    expect(stderr).toContain(code);
  });

  test.each<[string, (otherUid: string) => Ask]>([
    ['that is bound to nothing', () => ({ boundObjectRef: undefined })],
    [
      'that is bound to a pod which is not under the grant',
      (uid) => ({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'other', uid } }),
    ],
    // A node is refused audiences that none of its pods names (NodeRestriction, from 1.32 on).
    ['for another audience', () => ({ audiences: ['https://tools.example'] })],
  ])('nobody gets one %s', async (_, ask) => {
    const { namespace } = task.grant.metadata;
    const other = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: 'other' },
      spec: { containers: [{ name: 'main', image: TASK_IMAGE, imagePullPolicy: 'Never' }] },
    };
    expect((await apply(other)).stderr).toBe('');
    const { metadata } = await client.get(pods, { namespace, name: 'other' });
    for (const as of [[], NODE]) {
      const { stdout, stderr } = await mint(task, ask(metadata.uid), as);
      expect(stdout).toBe('');
      expect(stderr).toContain('Forbidden');
    }
  });

  test('kubectl create token gets none', async () => {
    const { namespace } = task.grant.metadata;
    const account = task.grant.status?.serviceAccountName ?? '';
    const { stdout, stderr } = await kubectl(['create', 'token', '--namespace', namespace, account]);
    expect(stdout).toBe('');
    expect(stderr).toContain('TokenNotAskedByNode');
  });
});

test('when the grant has ended, its node gets none', async () => {
  // Its pod is left: for the account of one that is gone a node may not even ask (Node authorizer).
  const task = await aRunningTask('ended', { completion: { succeeded: 1, podsRunning: 'Leave' } });
  const { namespace, name } = task.grant.metadata;
  await client.patch(taskGrants, { namespace, name }, { type: 'merge', body: { spec: { revoke: true } } });
  await untilFinished(client, { namespace, name });
  const { stdout, stderr } = await mint(task, {}, NODE);
  expect(stdout).toBe('');
  // The account is gone with the grant: the API server says so before anybody is asked.
  expect(stderr).toMatch(/NotFound|GrantNotActive/);
});

// PodCertificateRequest of certificates.k8s.io/v1 (KEP-4317).
describe.runIf((await minorVersion(client)) >= 37)('a certificate in the name of a grant’s account', () => {
  const PATH = '/apis/certificates.k8s.io/v1/namespaces';
  interface CertificateRequest {
    metadata: { name: string };
    spec: { podName: string; signerName: string };
  }
  let place: { namespace: string; name: string };
  /** What the kubelet has asked for, with its own key. */
  let byKubelet: CertificateRequest['spec'];

  beforeAll(async () => {
    const namespace = await ownNamespaces.create();
    place = { namespace, name: 'certified' };
    const pod = aPodManifest(namespace, 'certified', 'certified', 'sleep 60');
    const signerName = 'example.com/workload';
    const podCertificate = {
      signerName,
      keyType: 'ED25519',
      maxExpirationSeconds: 3600,
      credentialBundlePath: 'bundle.pem',
    };
    const volumes = [{ name: 'certificate', projected: { sources: [{ podCertificate }] } }];
    const { stderr } = await apply(
      aGrantManifest(namespace, 'certified', {
        envelope: { certificates: [{ signerName, maxExpirationSeconds: 3600 }] },
        duration: '1h',
      }),
    );
    expect(stderr).toBe('');
    await untilPhase(client, place, 'Active');
    expect((await apply({ ...pod, spec: { ...pod.spec, volumes } })).stderr).toBe('');
    await vi.waitFor(async () => {
      const { items } = (await client.getPath(`${PATH}/${namespace}/podcertificaterequests`)) as {
        items: CertificateRequest[];
      };
      const found = items.find(({ spec }) => spec.podName === 'certified');
      if (!found) throw new Error('the kubelet has not asked yet');
      byKubelet = found.spec;
    }, PATIENCE);
  });

  /** Asks the same once more, without its being stored. */
  function askAgain(as: string[], change: object = {}): Promise<Outcome> {
    const request = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'PodCertificateRequest',
      metadata: { name: 'again', namespace: place.namespace },
      spec: { ...byKubelet, ...change },
    };
    const path = `${PATH}/${place.namespace}/podcertificaterequests?dryRun=All`;
    return kubectl(['create', '--raw', path, '--filename', '-', ...as], JSON.stringify(request));
  }

  test('is asked for by the node of the pod', async () => {
    expect(await askAgain(NODE)).toMatchObject({ stderr: '', code: 0 });
  });

  test('is not asked for by anybody else, whoever they are', async () => {
    expect((await askAgain([])).stderr).toContain('CertificateNotAskedByNode');
  });

  // A node is refused signers that its pod does not name (NodeRestriction).
  test('does not live longer than the envelope says', async () => {
    const { stderr } = await askAgain(NODE, { maxExpirationSeconds: 7200 });
    expect(stderr).toContain('CertificateLivesTooLong');
  });

  test('is not asked for while the grant is suspended, and again when it is resumed', async () => {
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { suspend: true } } });
    await untilPhase(client, place, 'Suspended');
    expect((await askAgain(NODE)).stderr).toContain('GrantNotActive');
    await client.patch(taskGrants, place, { type: 'merge', body: { spec: { suspend: false } } });
    await untilPhase(client, place, 'Active');
    expect(await askAgain(NODE)).toMatchObject({ stderr: '', code: 0 });
  });
});
