/** Whatever is sent to whichever path: a clean answer, and the next request is served. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as send } from 'node:https';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdmissionReview } from '../api/kubernetes.ts';
import { ENFORCE_LABEL } from '../api/group.ts';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  justCreated,
  withContainer,
  withoutLabels,
  withSecretEnv,
  withToken,
} from '../core/testing/builders.ts';
import { createAuthority, createLeaf } from '../kube/certificate-authority.ts';
import { silentLogger } from '../kube/logger.ts';
import { createWebhookMetrics } from './metrics.ts';
import { routesFor } from './routes.ts';
import { serveWebhook, type Route, type WebhookServer } from './server.ts';
import { aRequest, someFacts } from './testing.ts';

const NAME = 'taskgrant-webhook.taskgrant-system.svc';
const DAY_MS = 86_400_000;

let server: WebhookServer;
let agent: Agent;
const routes: readonly Route[] = routesFor(someFacts({ podsGrant: 'summarise-4711' }), { holdMs: 0 });

beforeAll(async () => {
  const validity = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
  const authority = await createAuthority('fuzz', validity);
  const { certificate: cert, key } = await createLeaf(authority, [NAME], validity);
  const metrics = createWebhookMetrics(new Registry());
  server = await serveWebhook({
    port: 0,
    certificate: { cert, key },
    routes,
    metrics,
    logger: silentLogger,
  });
  agent = new Agent({ keepAlive: true, ca: authority.certificate, servername: NAME, maxSockets: 1 });
});

afterAll(async () => {
  agent.destroy();
  await server.close(0);
});

async function post(path: string, body: string | Buffer, type = 'application/json') {
  const request = send({
    method: 'POST',
    host: '127.0.0.1',
    port: server.port,
    path,
    agent,
    headers: { 'content-type': type, 'content-length': Buffer.byteLength(body) },
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

/** Over the same connection: had it been broken, or the process been hurt, this would say so. */
async function nextIsServed(): Promise<void> {
  const { status, body } = await post('/validate/pods', reviewJson({ object: aPod() }));
  expect(status).toBe(200);
  expect((JSON.parse(body) as AdmissionReview).response?.allowed).toBe(true);
}

const reviewJson = (request: Parameters<typeof aRequest>[0]) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: aRequest(request),
  });

const path = fc.constantFrom(...routes.map((route) => route.path));

test('bytes that are no review are a bad request', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array)),
    fc.json().map((json) => Buffer.from(json)),
    fc.string({ unit: 'binary', maxLength: 500 }).map((string) => Buffer.from(string)),
  );
  const type = fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', 'x', '');
  await fc.assert(
    fc.asyncProperty(path, bytes, type, async (where, body, contentType) => {
      const { status } = await post(where, body, contentType);
      expect([400, 413, 415]).toContain(status);
    }),
    { numRuns: 300 },
  );
  await nextIsServed();
});

const pod = fc.constantFrom(
  anAuthoredPod(),
  anAuthoredPod(withoutLabels),
  aPod(withToken({ audience: 'x' }), withSecretEnv('db'), withContainer({ image: 'busybox' })),
);
const template = pod.map(({ metadata, spec }) => ({ metadata, spec }));

/** What is asked where, as the API server asks it. */
const asked = fc.constantFrom(...routes).chain(({ path, resources }) =>
  fc.record({
    path: fc.constant(path),
    resource: fc.constantFrom(...resources),
    operation: fc.constantFrom('CREATE' as const, 'UPDATE' as const, 'DELETE' as const, 'CONNECT' as const),
    object: objectFor(path),
    oldObject: fc.option(objectFor(path), { nil: undefined }),
  }),
);

function objectFor(path: string): fc.Arbitrary<object> {
  if (path.endsWith('/pods')) return pod;
  if (path.endsWith('/taskgrants')) return fc.constantFrom(aGrant(), aGrant(justCreated));
  if (path.endsWith('/bindings'))
    return fc.constant({ kind: 'Binding', metadata: { name: 'p', annotations: {} }, target: { name: 'n' } });
  if (path.endsWith('/namespaces'))
    return fc.constantFrom(
      { kind: 'Namespace', metadata: { name: 'n', labels: { [ENFORCE_LABEL]: 'granted' } } },
      { kind: 'Namespace', metadata: { name: 'n' } },
    );
  if (path.endsWith('/workloads'))
    return fc.oneof(
      template.map((template) => ({ kind: 'Deployment', metadata: {}, spec: { template } })),
      template.map((template) => ({
        kind: 'CronJob',
        metadata: {},
        spec: { jobTemplate: { spec: { template } } },
      })),
    );
  return fc.constant({ kind: 'PodExecOptions', command: ['sh'] });
}

/** The place of `request` among the fields of a review: damage outside of it is soon found. */
const REQUEST = 2;

/** A review in which something, anywhere, is something else. */
const damaged = fc
  .record({
    asked,
    way: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
    value: fc.jsonValue({ maxDepth: 3 }),
  })
  .map(({ asked: { path, resource, ...rest }, way, value }) => {
    const whole = JSON.parse(
      reviewJson({ ...rest, resource: { group: '', version: 'v1', resource } }),
    ) as object;
    return { path, review: replaced(whole, [REQUEST, ...way], value) };
  });

/** The value at the end of a random way down, replaced. */
function replaced(into: unknown, [turn = 0, ...way]: readonly number[], value: unknown): unknown {
  if (typeof into !== 'object' || into === null) return value;
  const keys = Object.keys(into);
  const key = keys[turn % keys.length];
  if (key === undefined) return value;
  const inner = (into as Record<string, unknown>)[key];
  const next = way.length === 0 ? value : replaced(inner, way, value);
  return Array.isArray(into)
    ? into.map((item: unknown, index) => (String(index) === key ? next : item))
    : { ...into, [key]: next };
}

test('a review with anything in the wrong place is answered, or a bad request', async () => {
  await fc.assert(
    fc.asyncProperty(damaged, async ({ path, review }) => {
      const { status, body } = await post(path, JSON.stringify(review));
      expect([200, 400]).toContain(status);
      if (status !== 200) return;
      const { response } = JSON.parse(body) as AdmissionReview;
      // What no API server sends may be what nobody can judge; it is a no then, and says so.
      const { uid, allowed, status: refusal } = response ?? {};
      expect(typeof uid).toBe('string');
      if (allowed !== true) expect([403, 500]).toContain(refusal?.code);
    }),
    { numRuns: 600 },
  );
  await nextIsServed();
});
