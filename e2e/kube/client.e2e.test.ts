import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  ApiError,
  NoAnswerError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
} from '../../src/kube/api-error.ts';
import { serviceAccountUsername } from '../../src/kube/client.ts';
import type { ClientOptions } from '../../src/kube/client.ts';
import { monotonicNow } from '../../src/kube/clock.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import {
  configMaps,
  namespaces,
  roleBindings,
  roles,
  selfSubjectReviews,
  serviceAccounts,
  subjectAccessReviews,
} from '../../src/kube/resources.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxyOptions } from './fault-proxy.ts';
import { createServerCertificate } from './proxy-certificate.ts';
import { aConfigMap, clusterKubeConfig, createTestNamespace, testClient } from './testbed.ts';

const kubeConfig = clusterKubeConfig();
const admin = testClient(kubeConfig);
const cleanUp: (() => Promise<unknown>)[] = [];
let namespace: string;

beforeEach(async () => {
  namespace = await createTestNamespace(admin);
  cleanUp.push(() => admin.remove(namespaces, { name: namespace }));
});

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

afterAll(() => admin.close());

const throughProxy = async (
  onRequest?: FaultProxyOptions['onRequest'],
  options: Partial<ClientOptions> = {},
) => {
  const proxy = await startFaultProxy({ kubeConfig, ...(onRequest && { onRequest }) });
  const client = testClient(proxy.kubeConfig, options);
  cleanUp.push(async () => {
    await client.close();
    await proxy.stop();
  });
  return { proxy, client };
};

/** The error that the call ends with. */
const failureOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

const theMap = () => ({ namespace, name: 'a' });

test('an object goes through its life in raw JSON: create, get, replace, patch, apply, delete', async () => {
  const created = await admin.create(configMaps, aConfigMap(namespace, 'a', { step: '1' }));
  expect(typeof created.metadata.creationTimestamp).toBe('string');
  expect(await admin.get(configMaps, theMap())).toEqual(created);

  const replaced = await admin.replace(configMaps, { ...created, data: { step: '2' } });
  expect(isConflict(await failureOf(admin.replace(configMaps, { ...created, data: {} })))).toBe(true);

  const merged = await admin.patch(configMaps, theMap(), { type: 'merge', body: { data: { more: 'x' } } });
  expect(merged.data).toEqual({ step: '2', more: 'x' });
  const patched = await admin.patch(configMaps, theMap(), {
    type: 'json',
    body: [
      { op: 'test', path: '/metadata/resourceVersion', value: merged.metadata.resourceVersion },
      { op: 'remove', path: '/data/more' },
    ],
  });
  expect(patched.data).toEqual({ step: '2' });

  const apply = { type: 'apply', body: aConfigMap(namespace, 'a', { step: '3' }) } as const;
  expect(
    isConflict(await failureOf(admin.patch(configMaps, theMap(), apply, { fieldManager: 'other' }))),
  ).toBe(true);
  const forced = await admin.patch(
    configMaps,
    theMap(),
    { ...apply, force: true },
    { fieldManager: 'other' },
  );
  expect(forced.data).toEqual({ step: '3' });
  expect(forced.metadata.managedFields?.map(({ manager }) => manager)).toContain('other');

  const wrongUid = admin.remove(configMaps, theMap(), { preconditions: { uid: 'another' } });
  expect(isConflict(await failureOf(wrongUid))).toBe(true);
  await admin.remove(configMaps, theMap(), { dryRun: true });
  expect((await admin.get(configMaps, theMap())).metadata.uid).toBe(replaced.metadata.uid);
  await admin.remove(configMaps, theMap(), { preconditions: { uid: replaced.metadata.uid } });
  expect(isNotFound(await failureOf(admin.get(configMaps, theMap())))).toBe(true);
});

test("the server's no comes with its code, its reason, and what was asked", async () => {
  await admin.create(configMaps, aConfigMap(namespace, 'a'));
  const taken = await failureOf(admin.create(configMaps, aConfigMap(namespace, 'a')));
  expect(isAlreadyExists(taken)).toBe(true);
  expect(taken).toMatchObject({
    code: 409,
    reason: 'AlreadyExists',
    message: `create configmaps ${namespace}: configmaps "a" already exists (HTTP 409)`,
    details: { kind: 'configmaps', name: 'a' },
  });
  expect(isInvalid(await failureOf(admin.create(configMaps, aConfigMap(namespace, 'Not A Name'))))).toBe(
    true,
  );
});

test('a field that does not exist is refused, and warned of where that was asked for', async () => {
  const warnings: string[] = [];
  const { client } = await throughProxy(undefined, { onWarning: (text) => warnings.push(text) });
  const misspelt = { ...aConfigMap(namespace, 'a'), dta: { a: 'b' } };
  const refused = await failureOf(client.create(configMaps, misspelt));
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({
    code: 400,
    message: expect.stringContaining('unknown field "dta"') as string,
  });
  await client.create(configMaps, misspelt, { fieldValidation: 'Warn', dryRun: true });
  expect(warnings).toEqual(['unknown field "dta"']);
  expect(await listAll(client, configMaps, { namespace }, { fieldSelector: 'metadata.name=a' })).toEqual([]);
});

test('a list has the kind on each item, follows its pages, and can be of metadata alone', async () => {
  const names = Array.from({ length: 7 }, (_, index) => `page-${index}`);
  for (const name of names)
    await admin.create(configMaps, {
      ...aConfigMap(namespace, name, { secret: 'x' }),
      metadata: { namespace, name, labels: { of: 'pages' } },
    });
  const first = await admin.list(configMaps, { namespace }, { labelSelector: 'of=pages', limit: 3 });
  expect(first.items.map(({ kind, apiVersion }) => `${apiVersion} ${kind}`)).toEqual(
    Array(3).fill('v1 ConfigMap'),
  );
  expect(first.metadata.continue).toBeTruthy();
  const all = await listAll(admin, configMaps, { namespace }, { labelSelector: 'of=pages', limit: 3 });
  expect(all.map(({ metadata }) => metadata.name)).toEqual(names);
  const [bare] = await listAll(
    admin,
    configMaps,
    { namespace },
    { labelSelector: 'of=pages', metadataOnly: true },
  );
  expect(bare?.metadata.resourceVersion).toBe(all[0]?.metadata.resourceVersion);
  expect(bare?.data).toBeUndefined();
});

test('a service account is impersonated, with its rights and no more', async () => {
  const name = 'grantor';
  await admin.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name },
  });
  await admin.create(roles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { namespace, name },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create'] }],
  });
  await admin.create(roleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace, name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  });
  // The authorizer hears of a binding a moment later.
  await vi.waitFor(
    async () => {
      const access = await admin.create(subjectAccessReviews, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: serviceAccountUsername(namespace, name),
          resourceAttributes: { namespace, verb: 'get', resource: 'configmaps' },
        },
      });
      expect(access.status?.allowed).toBe(true);
    },
    { timeout: 60_000, interval: 100 },
  );
  const grantor = admin.as({ username: serviceAccountUsername(namespace, name) });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
  const { status } = await grantor.create(selfSubjectReviews, review);
  expect(status?.userInfo?.username).toBe(`system:serviceaccount:${namespace}:grantor`);
  expect(status?.userInfo?.groups).toContain('system:serviceaccounts');
  await grantor.create(configMaps, aConfigMap(namespace, 'a'));
  expect(isForbidden(await failureOf(grantor.remove(configMaps, theMap())))).toBe(true);

  const two = admin.as({ username: 'jane', groups: ['testers', 'writers'] });
  const asJane = await two.create(selfSubjectReviews, review);
  expect(asJane.status?.userInfo?.groups).toEqual(expect.arrayContaining(['testers', 'writers']));
});

test('a token is minted, used, and never part of an error', async () => {
  await admin.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name: 'bearer' },
  });
  const minted = await admin.createSubresource(
    serviceAccounts,
    { namespace, name: 'bearer', subresource: 'token' },
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { audiences: [], expirationSeconds: 600 },
      status: undefined as { token: string; expirationTimestamp: string } | undefined,
    },
  );
  const token = minted.status?.token ?? '';
  expect(minted.status?.expirationTimestamp).toMatch(/^\d{4}-.*Z$/);

  const { proxy } = await throughProxy();
  const asBearer = new KubeConfig();
  asBearer.loadFromString(proxy.kubeconfig(token));
  const bearer = testClient(asBearer);
  cleanUp.push(() => bearer.close());
  const refused = await failureOf(bearer.get(configMaps, theMap()));
  expect(isForbidden(refused)).toBe(true);
  expect((refused as ApiError).message).toContain(`system:serviceaccount:${namespace}:bearer`);

  proxy.setOnRequest(() => ({ answer: { status: 200, body: `{"status":{"token":"${token}"` } }));
  const unreadable = await failureOf(bearer.get(configMaps, theMap()));
  proxy.setOnRequest(() => ({ drop: 'reset' }));
  const broken = await failureOf(bearer.get(configMaps, theMap()));
  for (const error of [refused, unreadable, broken]) {
    expect(error).toBeInstanceOf(Error);
    const everything = [error, (error as Error).cause, (error as Error).stack].map((part) => inspect(part));
    expect(everything.join()).not.toContain(token.slice(0, 40));
  }
});

test('a renewed certificate authority is taken up without a restart', async () => {
  const { proxy } = await throughProxy();
  const directory = await mkdtemp(join(tmpdir(), 'taskgrant-ca-'));
  cleanUp.push(() => rm(directory, { recursive: true }));
  const caFile = join(directory, 'ca.crt');
  await writeFile(caFile, (await createServerCertificate(['127.0.0.1'])).certificate);
  const withCaFile = new KubeConfig();
  withCaFile.loadFromClusterAndUser(
    { name: 'c', server: proxy.url, caFile, skipTLSVerify: false },
    { name: 'u' },
  );
  const client = testClient(withCaFile);
  cleanUp.push(() => client.close());
  expect(await failureOf(client.getPath('/version'))).toMatchObject({ reason: 'Connection' });

  const data = proxy.kubeConfig.getCurrentCluster()?.caData ?? '';
  await writeFile(caFile, Buffer.from(data, 'base64'));
  await vi.waitFor(
    async () => {
      expect(await client.getPath('/version')).toHaveProperty('gitVersion');
    },
    { timeout: 60_000, interval: 500 },
  );
});

test('credentials that are not accepted are read again, once', async () => {
  const { proxy, client } = await throughProxy(() => ({
    answer: { status: 401, body: { kind: 'Status', code: 401, reason: 'Unauthorized' } },
  }));
  expect(await failureOf(client.get(configMaps, theMap()))).toMatchObject({ code: 401 });
  expect(proxy.requests).toHaveLength(2);
});

test('what is put off with 429 or 503 and a Retry-After is sent again, a write too, and done once', async () => {
  let refusals = 0;
  const registry = new Registry();
  const { proxy, client } = await throughProxy(
    () => {
      refusals += 1;
      if (refusals > 2) return undefined;
      return { answer: { status: refusals === 1 ? 429 : 503, headers: { 'retry-after': '1' } } };
    },
    { metrics: createKubeMetrics(registry).client },
  );
  const startedAt = monotonicNow();
  await client.create(configMaps, aConfigMap(namespace, 'a'));
  expect(monotonicNow() - startedAt).toBeGreaterThanOrEqual(2000);
  expect(proxy.requests.map(({ request }) => request.verb)).toEqual(['create', 'create', 'create']);
  const counted = await registry.getSingleMetric('rest_client_requests_total')?.get();
  expect(counted?.values.map(({ labels, value }) => [labels['code'], value])).toEqual([
    ['429', 1],
    ['503', 1],
    ['201', 1],
  ]);
});

test('a refusal that asks for more time than the caller has is handed on at once', async () => {
  const { proxy, client } = await throughProxy(() => ({
    answer: { status: 429, headers: { 'retry-after': '60' } },
  }));
  const startedAt = monotonicNow();
  const refused = await failureOf(client.get(configMaps, theMap(), { timeoutMs: 50_000 }));
  expect(refused).toMatchObject({ code: 429, retryAfterSeconds: 60 });
  expect(monotonicNow() - startedAt).toBeLessThan(45_000);
  expect(proxy.requests).toHaveLength(1);
});

test('a server that only ever refuses is asked eleven times', async () => {
  const { proxy, client } = await throughProxy(() => ({
    answer: { status: 429, headers: { 'retry-after': '0' } },
  }));
  expect(await failureOf(client.create(configMaps, aConfigMap(namespace, 'a')))).toMatchObject({ code: 429 });
  expect(proxy.requests).toHaveLength(11);
});

test('a read whose connection breaks is sent again, a write is not', async () => {
  await admin.create(configMaps, aConfigMap(namespace, 'a'));
  let breaks = 0;
  const { proxy, client } = await throughProxy(({ method }) =>
    method === 'GET' && breaks++ >= 3 ? undefined : { dropAnswer: 'reset' },
  );
  expect((await client.get(configMaps, theMap())).metadata.name).toBe('a');
  expect(proxy.requests).toHaveLength(4);

  const lost = await failureOf(
    client.patch(configMaps, theMap(), { type: 'merge', body: { data: { b: 'c' } } }),
  );
  expect(lost).toBeInstanceOf(NoAnswerError);
  expect(lost).toMatchObject({ reason: 'Connection' });
  expect(proxy.requests).toHaveLength(5);
  // It was carried out all the same: that is why it was not sent again.
  expect((await admin.get(configMaps, theMap())).data).toEqual({ b: 'c' });
});

test('half an answer is no answer', async () => {
  const { proxy, client } = await throughProxy(() => ({ cutAfterBytes: 30, cut: 'close' }));
  expect(await failureOf(client.get(namespaces, { name: namespace }))).toMatchObject({
    reason: 'Connection',
  });
  expect(proxy.requests).toHaveLength(4);
});

test('a server that does not answer is given up in time, and a caller who goes away at once', async () => {
  const { proxy, client } = await throughProxy();
  proxy.freeze();
  const timedOut = await failureOf(client.get(configMaps, theMap(), { timeoutMs: 500 }));
  expect(timedOut).toBeInstanceOf(NoAnswerError);
  expect(timedOut).toMatchObject({ reason: 'Timeout', message: expect.stringContaining('500 ms') as string });

  const caller = new AbortController();
  const abandoned = failureOf(
    client.get(configMaps, { namespace, name: 'abandoned' }, { signal: caller.signal, timeoutMs: 100_000 }),
  );
  await vi.waitFor(() => {
    expect(proxy.requests.map(({ request }) => request.name)).toContain('abandoned');
  }, 60_000);
  const abortedAt = monotonicNow();
  caller.abort(new Error('no longer needed'));
  expect(await abandoned).toMatchObject({ message: 'no longer needed' });
  expect(monotonicNow() - abortedAt).toBeLessThan(30_000);
});

test('requests share connections, and none is opened for each', async () => {
  const { proxy, client } = await throughProxy();
  for (let index = 0; index < 50; index++) await client.get(namespaces, { name: namespace });
  expect(proxy.connections()).toBeLessThanOrEqual(2);
  await Promise.all(Array.from({ length: 300 }, () => client.get(namespaces, { name: namespace })));
  expect(proxy.connections()).toBeLessThanOrEqual(128);
});

test('closing ends what is under way', async () => {
  const { proxy, client } = await throughProxy();
  proxy.freeze();
  const pending = failureOf(client.get(configMaps, theMap()));
  await client.close();
  expect(await pending).toMatchObject({ reason: 'Closed' });
});

test('closing ends what is under way over the certificates of before, too', async () => {
  let asked = 0;
  const { proxy } = await throughProxy(({ name }) => {
    // The first is never answered, the second has the credentials read again.
    asked += 1;
    if (name === 'never') return new Promise(() => undefined);
    return asked === 2 ? { answer: { status: 401, body: { kind: 'Status', code: 401 } } } : undefined;
  });
  const directory = await mkdtemp(join(tmpdir(), 'taskgrant-ca-'));
  cleanUp.push(() => rm(directory, { recursive: true }));
  const caFile = join(directory, 'ca.crt');
  const proxyCa = Buffer.from(proxy.kubeConfig.getCurrentCluster()?.caData ?? '', 'base64').toString();
  await writeFile(caFile, proxyCa);
  const withCaFile = new KubeConfig();
  withCaFile.loadFromClusterAndUser(
    { name: 'c', server: proxy.url, caFile, skipTLSVerify: false },
    { name: 'u' },
  );
  const client = testClient(withCaFile);
  const pending = failureOf(client.get(configMaps, { namespace, name: 'never' }));
  await vi.waitFor(() => {
    expect(asked).toBe(1);
  }, 20_000);
  // Another file, whatever is in it, is another set of connections.
  await writeFile(caFile, `${proxyCa}\n${proxyCa}`);
  await client.get(namespaces, { name: namespace });
  expect(asked).toBe(3);
  await client.close();
  expect(await pending).toMatchObject({ reason: 'Closed' });
});
