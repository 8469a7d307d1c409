/** The main job: a pod with one label gets exactly one identity, and when its task is done the identity is gone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRANT_LABEL } from '../../src/api/group.ts';
import type { Job, Pod, Stored } from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { isForbidden } from '../../src/kube/api-error.ts';
import type { Client } from '../../src/kube/client.ts';
import {
  configMaps,
  jobs,
  namespaces,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  subjectAccessReviews,
  taskGrants,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  awaitLog,
  clientWithToken,
  enforcedNamespace,
  exists,
  podSpec,
  until,
  untilFinished,
  untilPhase,
  untilRefused,
  whoIs,
} from './testbed.ts';

/** Kubernetes caches a successful token authentication for 10 s (k8s.io/apiserver, authenticatorfactory). */
const TOKEN_CACHE_MS = 10_000;

const TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Prints its token, as an agent that was tricked would, and then works for as long as the test lets it. */
const LEAKS_ITS_TOKEN = `cat ${TOKEN_FILE}; echo; until kubectl get configmap input -o jsonpath='{.data.done}' | grep -q yes; do sleep 0.2; done`;

const client = testClient(clusterKubeConfig());
let namespace: string;

beforeAll(async () => {
  namespace = await enforcedNamespace(client);
});

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  await client.close();
});

describe('a grant and its pod', () => {
  const place = () => ({ namespace, name: 'leaky' });
  let grant: Stored<TaskGrant>;
  let pod: Stored<Pod>;
  let thief: Client;

  test('are applied in one file, and the pod runs as the grant’s own account', async () => {
    const { code, stderr } = await apply(
      aGrantManifest(namespace, 'leaky'),
      aPodManifest(namespace, 'leaky', 'leaky', LEAKS_ITS_TOKEN),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    grant = await untilPhase(client, place(), 'Active');
    const running = await until(
      client,
      pods,
      place(),
      'running',
      (found) => found?.status?.phase === 'Running',
    );
    if (!running) throw new Error('a running pod exists');
    pod = running;
    expect(pod.spec?.serviceAccountName).toBe(grant.status?.serviceAccountName);
    expect(pod.spec?.automountServiceAccountToken).toBe(false);
    expect(grant.status?.serviceAccountName).toMatch(/^taskgrant-leaky-[a-z0-9]{8}$/);
  });

  test('the pod has one token, of the envelope’s lifetime, and no other volume', () => {
    const sources = pod.spec?.volumes?.flatMap(({ projected }) => projected?.sources ?? []) ?? [];
    expect(sources.filter(({ serviceAccountToken }) => serviceAccountToken)).toEqual([
      { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
    ]);
    expect(pod.spec?.volumes).toHaveLength(1);
  });

  test('its token is exactly that identity, and may do exactly what the envelope says', async () => {
    const printed = await awaitLog(pod, /^ey[\w-]+\.[\w-]+\.[\w-]+$/m);
    thief = clientWithToken(printed);
    const account = grant.status?.serviceAccountName ?? '';
    expect(await whoIs(thief)).toBe(`system:serviceaccount:${namespace}:${account}`);
    const input = await thief.get(configMaps, { namespace, name: 'input' });
    expect(input.data?.['text']).toBe('what the task works on');
    for (const beyond of [
      () => thief.get(secrets, { namespace, name: 'password' }),
      () => thief.get(configMaps, { namespace, name: 'kube-root-ca.crt' }),
      () => thief.list(configMaps, { namespace }),
      () => thief.get(configMaps, { namespace: 'default', name: 'input' }),
      () => thief.remove(configMaps, { namespace, name: 'input' }),
      () => thief.get(taskGrants, place()),
    ]) {
      await expect(beyond()).rejects.toSatisfy(isForbidden);
    }
  });

  test('when it has succeeded, its rights are gone, and the receipt says when', async () => {
    await client.patch(
      configMaps,
      { namespace, name: 'input' },
      { type: 'merge', body: { data: { done: 'yes' } } },
    );
    grant = await untilFinished(client, place());
    expect(grant.status).toMatchObject({ phase: 'Completed', podsUsed: '1/1' });
    expect(grant.status?.pods).toMatchObject([{ name: 'leaky', uid: pod.metadata.uid, phase: 'Succeeded' }]);
    const {
      requestedAt = '',
      rbacRemovedAt = '',
      identityRemovedAt = '',
      verifiedAt = '',
    } = grant.status?.revocation ?? {};
    const times = [requestedAt, rbacRemovedAt, identityRemovedAt, verifiedAt];
    expect(times.every((time) => Number.isFinite(Date.parse(time)))).toBe(true);
    expect(times).toEqual(times.toSorted());
    await until(
      client,
      taskGrants,
      place(),
      'free to be deleted',
      (found) => (found?.metadata.finalizers ?? []).length === 0,
    );
  });

  test('nothing of what was made for it is left', async () => {
    const found = await Promise.all(
      (grant.status?.inventory ?? []).map(({ kind, ...item }) =>
        exists(
          client,
          { ServiceAccount: serviceAccounts, Role: roles, RoleBinding: roleBindings }[kind],
          item,
        ),
      ),
    );
    expect(found).toEqual([false, false, false]);
    const review = await client.create(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: `system:serviceaccount:${namespace}:${grant.status?.serviceAccountName ?? ''}`,
        resourceAttributes: { namespace, verb: 'get', resource: 'configmaps', name: 'input' },
      },
    });
    expect(review.status?.allowed).toBe(false);
  });

  test('the same token is refused while the pod it was bound to still exists', async () => {
    expect(await exists(client, pods, place())).toBe(true);
    const lastAcceptedAt = await untilTokenIsRefused(thief);
    const removedAt = Date.parse(grant.status?.revocation?.identityRemovedAt ?? '');
    // Not a measure of speed, nor of when this test came to ask: the API server's own bound, with room for a busy machine.
    expect(lastAcceptedAt - removedAt).toBeLessThan(TOKEN_CACHE_MS + 10_000);
    await thief.close();
  });

  test('no pod runs under it any more', async () => {
    const pod = aPodManifest(namespace, 'too-late', 'leaky', 'true');
    await untilRefused(pod, [`GrantNotActive metadata.labels[${GRANT_LABEL}]`]);
  });
});

describe('in either order', () => {
  test('a Job that comes before its grant in the file gets its pod when the grant is there', async () => {
    const { code, stderr } = await apply(
      aJob(namespace, 'early', { backoffLimit: 0 }, 'true'),
      aGrantManifest(namespace, 'early'),
    );
    // Should the label be misspelt, this is all that its author hears.
    expect(stderr).toMatch(
      /^Warning: GrantNotFound spec\.template\.metadata\.labels\[taskgrant\.dev\/grant\]: asked early/,
    );
    expect(code).toBe(0);
    // The Job controller tries again ever later.
    const grant = await untilFinished(client, { namespace, name: 'early' }, 90_000);
    expect(grant.status).toMatchObject({ phase: 'Completed', pods: [{ phase: 'Succeeded' }] });
  });

  test('a bare pod that comes before its grant in the file is told so', async () => {
    const { code, stderr } = await apply(
      aPodManifest(namespace, 'first', 'second', 'true'),
      aGrantManifest(namespace, 'second'),
    );
    // kubectl sends the second when the first is answered, so the pod's creation gives up in the end.
    expect(stderr).toContain('GrantNotFound');
    expect(code).toBe(1);
    expect((await untilPhase(client, { namespace, name: 'second' }, 'Active')).status?.podsUsed).toBe('0/1');
  });

  test('a pod and a grant that are sent at once meet', async () => {
    const [pod, grant] = await Promise.all([
      apply(aPodManifest(namespace, 'hurried', 'meets', 'true')),
      apply(aGrantManifest(namespace, 'meets')),
    ]);
    expect([pod.stderr, grant.stderr]).toEqual(['', '']);
    await untilFinished(client, { namespace, name: 'meets' });
  });
});

describe('a Job', () => {
  test('may retry as often as the grant allows, under one identity', async () => {
    const script = `kubectl get configmap input -o jsonpath='{.data.ready}' | grep -q yes`;
    const { stderr } = await apply(
      aGrantManifest(namespace, 'retries', {
        workload: { images: ['localhost/taskgrant-task:1'], maxPods: 3, allowExec: false },
      }),
      aJob(namespace, 'retries', { backoffLimit: 2 }, script),
    );
    expect(stderr).toBe('');
    const place = { namespace, name: 'retries' };
    await until(client, jobs, place, 'failed twice', (found) => (found?.status?.failed ?? 0) === 2, 90_000);
    expect((await client.get(taskGrants, place)).status?.phase).toBe('Active');
    await client.patch(
      configMaps,
      { namespace, name: 'input' },
      { type: 'merge', body: { data: { ready: 'yes' } } },
    );
    const grant = await untilFinished(client, place, 90_000);
    expect(grant.status).toMatchObject({ phase: 'Completed', podsUsed: '3/3' });
    expect(grant.status?.pods?.map(({ phase }) => phase)).toEqual(['Failed', 'Failed', 'Succeeded']);
    const done = await until<Job>(client, jobs, place, 'complete', (found) => found?.status?.succeeded === 1);
    expect(done?.status?.failed).toBe(2);
  });
});

/** A Job of the grant of the same name. */
function aJob(namespace: string, name: string, spec: { backoffLimit: number }, script: string) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name },
    spec: { ...spec, template: { metadata: { labels: { [GRANT_LABEL]: name } }, spec: podSpec(script) } },
  };
}

/**
 * Asks until the API server refuses the token itself (401), and says when the last request was sent that it let through, in milliseconds
 * since the epoch; 0 where there was none.
 */
async function untilTokenIsRefused(thief: Client): Promise<number> {
  const deadline = Date.now() + 30_000;
  let acceptedAt = 0;
  while (Date.now() < deadline) {
    const askedAt = Date.now();
    try {
      await whoIs(thief);
      acceptedAt = askedAt;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 401) return acceptedAt;
      throw error;
    }
  }
  throw new Error('the token was never refused');
}
