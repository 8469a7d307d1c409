import { once } from 'node:events';
import { Agent, request as send, type RequestOptions } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AdmissionReview } from '../api/kubernetes.ts';
import { anAuthoredPod, aPod, GRANT_ACCOUNT, withContainer } from '../core/testing/builders.ts';
import { createAuthority, createLeaf, type KeyPair } from '../kube/certificate-authority.ts';
import { monotonicNow } from '../kube/clock.ts';
import { silentLogger } from '../kube/logger.ts';
import { createClientCertificate } from '../kube/testing.ts';
import { createWebhookMetrics } from './metrics.ts';
import { createPodMutator } from './mutate-pods.ts';
import type { Answer, CallContext, Reviewer } from './review.ts';
import {
  serveWebhook,
  timeoutOf,
  type Route,
  type WebhookServer,
  type WebhookServerOptions,
} from './server.ts';
import { aRequest, someFacts } from './testing.ts';
import { createPodValidator } from './validate-pods.ts';

const NAME = 'taskgrant-webhook.taskgrant-system.svc';
const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
const authority = await createAuthority('ca', validity);
const issue = async () => {
  const { certificate, key } = await createLeaf(authority, [NAME], validity);
  return { cert: certificate, key };
};
const certificate = await issue();

/** What a reviewer of a test is asked, and how it is answered. */
let calls: { context: CallContext; answer: (answer: Answer) => void }[];
let waiting: (() => void)[];
let registry: Registry;
let server: WebhookServer;
let agent: Agent;

/** Resolves when the reviewer at /wait was asked so often. */
const asked = async (count: number) => {
  while (calls.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
};

const serve = (options: Pick<WebhookServerOptions, 'routes' | 'metrics'> & Partial<WebhookServerOptions>) =>
  serveWebhook({ port: 0, certificate, logger: silentLogger, idleMs: 50, ...options });

beforeEach(async () => {
  calls = [];
  waiting = [];
  registry = new Registry();
  const facts = someFacts();
  const routes: Route[] = [
    {
      path: '/mutate/pods',
      phase: 'mutate',
      resources: ['pods'],
      review: createPodMutator(facts, { holdMs: 0 }),
    },
    { path: '/validate/pods', phase: 'validate', resources: ['pods'], review: createPodValidator(facts) },
    {
      path: '/fail',
      phase: 'validate',
      resources: ['pods'],
      review: () => Promise.reject(new Error('the API server is away')),
    },
    {
      path: '/wait',
      phase: 'validate',
      resources: ['pods'],
      review: (_, context) =>
        new Promise((answer) => {
          calls.push({ context, answer });
          for (const resolve of waiting.splice(0)) resolve();
        }),
    },
  ];
  server = await serve({ routes, metrics: createWebhookMetrics(registry) });
  agent = new Agent({ keepAlive: true, ca: authority.certificate, servername: NAME, host: '127.0.0.1' });
});

afterEach(async () => {
  agent.destroy();
  await server.close(0);
});

/** For connections that others do not share. */
const agentOfItsOwn = () => new Agent({ ca: authority.certificate, servername: NAME });

interface HttpAnswer {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

const post = (path: string, body: string | Buffer, options: RequestOptions = {}): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const request = send(
      {
        method: 'POST',
        port: server.port,
        path,
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        ...options,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode, headers: response.headers, body: text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });

const reviewJson = (object: unknown) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: aRequest({ object }),
  });

/** Whatever a stranger says that it is about: it would be a label of the metrics. */
const reviewOfSecrets = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: aRequest({ object: aPod(), resource: { group: '', version: 'v1', resource: 'secrets' } }),
});

const ask = async (path: string, object: unknown) => {
  const { status, body } = await post(path, reviewJson(object));
  expect(status).toBe(200);
  return (JSON.parse(body) as AdmissionReview).response;
};

describe('over TLS', () => {
  test('a pod with the label is answered with a patch, for its own request', async () => {
    const response = await ask('/mutate/pods', anAuthoredPod());
    expect(response).toMatchObject({ uid: aRequest({}).uid, allowed: true, patchType: 'JSONPatch' });
    expect(JSON.parse(Buffer.from(response?.patch ?? '', 'base64').toString())).toContainEqual({
      op: 'add',
      path: '/spec/serviceAccountName',
      value: GRANT_ACCOUNT,
    });
  });

  test('a pod beyond its envelope is denied with a Forbidden', async () => {
    expect(await ask('/validate/pods', aPod(withContainer({ image: 'busybox' })))).toMatchObject({
      allowed: false,
      status: { code: 403, reason: 'Forbidden' },
      auditAnnotations: { grant: 'summarise-4711', violations: 'ImageNotGranted' },
    });
  });

  test('nothing is said about what serves', async () => {
    const { headers } = await post('/validate/pods', reviewJson(aPod()));
    expect(Object.keys(headers).sort()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
    ]);
    expect(headers['keep-alive']).toBe('timeout=95');
  });

  test('a reviewer that finds no answer says no, and the next request is served', async () => {
    expect(await ask('/fail', aPod())).toMatchObject({ allowed: false, status: { code: 500 } });
    expect(await ask('/validate/pods', aPod())).toMatchObject({ allowed: true });
  });
});

describe('what cannot be a review gets a clean error, and the next one is served', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    ['no JSON', '/validate/pods', '{"half":', json, 400],
    ['another kind', '/validate/pods', '{"kind":"Pod"}', json, 400],
    ['a list', '/validate/pods', '[]', json, 400],
    ['nothing', '/validate/pods', '', json, 400],
    ['a review of no pod', '/validate/pods', reviewJson({ kind: 'Secret' }), json, 400],
    ['a review of another resource', '/validate/pods', reviewOfSecrets, json, 400],
    ['another type', '/validate/pods', reviewJson(aPod()), { 'content-type': 'text/plain' }, 400],
    [
      'another charset',
      '/validate/pods',
      reviewJson(aPod()),
      { 'content-type': 'application/json; charset=ebcdic' },
      415,
    ],
    ['more than 7 MiB', '/validate/pods', JSON.stringify('x'.repeat(7 * 2 ** 20)), json, 413],
    ['another path', '/validate/secrets', reviewJson(aPod()), json, 404],
  ])('%s', async (_, path, body, headers, status) => {
    const answer = await post(path, body, {
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.body.length).toBeLessThan(500);
    expect(await ask('/validate/pods', aPod())).toMatchObject({ allowed: true });
  });

  test('a pod of several megabytes is no error', async () => {
    const annotations = { big: 'x'.repeat(6 * 2 ** 20) };
    const pod = aPod();
    expect(await ask('/validate/pods', { ...pod, metadata: { ...pod.metadata, annotations } })).toMatchObject(
      {
        allowed: true,
      },
    );
  });
});

describe('a call', () => {
  test('has as long as the API server says', async () => {
    const answered = post('/wait?timeout=3s', reviewJson(aPod()));
    await asked(1);
    expect(calls[0]?.context.timeoutMs).toBe(3000);
    expect(calls[0]?.context.size).toBe(reviewJson(aPod()).length);
    calls[0]?.answer({ allowed: true });
    expect((await answered).status).toBe(200);
  });

  test.each([
    ['10s', 10_000],
    ['1s', 1000],
    [undefined, 10_000],
    ['1m0s', 10_000],
    [['1s', '2s'], 10_000],
  ])('with timeout=%s has so many milliseconds', (query, ms) => {
    expect(timeoutOf(query)).toBe(ms);
  });

  test('that finds no answer while the API server waits is a no in time, and its search is called off', async () => {
    const answered = post('/wait?timeout=1s', reviewJson(aPod()));
    await asked(1);
    const { status, body } = await answered;
    expect(status).toBe(200);
    expect((JSON.parse(body) as AdmissionReview).response).toMatchObject({
      uid: aRequest({}).uid,
      allowed: false,
      status: { code: 500, reason: 'InternalError' },
    });
    expect(calls[0]?.context.signal.aborted).toBe(true);
    // What is found too late is nobody's answer any more.
    calls[0]?.answer({ allowed: true });
    expect(await registry.metrics()).toContain(
      'taskgrant_admission_decisions_total{phase="validate",resource="pods",operation="CREATE",decision="failed"} 1\n',
    );
  });

  test('is given up when nobody waits any more', async () => {
    const gone = new AbortController();
    const answered = post('/wait', reviewJson(aPod()), { signal: gone.signal });
    await asked(1);
    const signal = calls[0]?.context.signal;
    expect(signal?.aborted).toBe(false);
    const aborted = signal && once(signal, 'abort');
    gone.abort();
    await expect(answered).rejects.toThrow();
    await aborted;
    calls[0]?.answer({ allowed: true });
    expect(await registry.metrics()).toContain(
      'controller_runtime_webhook_requests_total{webhook="/wait",code="499"} 1\n',
    );
  });
});

/** A request of so many bytes, of which the last never comes; it is told whether it was cut off. */
function stall(port: number, bytes: number) {
  const sent = Buffer.alloc(bytes, ' ');
  const request = send({
    method: 'POST',
    port,
    path: '/validate/pods',
    agent: agentOfItsOwn(),
    host: '127.0.0.1',
    headers: { 'content-type': 'application/json', 'content-length': sent.length + 1 },
  });
  const cut = new Promise<'cut'>((resolve) => {
    request.on('error', () => {
      resolve('cut');
    });
  });
  request.write(sent);
  return { request, cut };
}

describe('reviews that are larger together than the process can bear', () => {
  test('lose the largest of them, and usual ones are answered', async () => {
    const stalled = Array.from({ length: 6 }, () => stall(server.port, 3 * 2 ** 20));
    expect(await Promise.race(stalled.map(({ cut }) => cut))).toBe('cut');
    expect(await ask('/validate/pods', aPod())).toMatchObject({ allowed: true });
    for (const { request } of stalled) request.destroy();
    await Promise.all(stalled.map(({ cut }) => cut));
    // What they had is free again.
    const half = reviewJson({ ...aPod(), padding: 'x'.repeat(6 * 2 ** 20) });
    expect((await post('/validate/pods', half)).status).toBe(200);
  });

  test('lose those first that are still being sent after long, however small: a usual one is not the largest for their sake', async () => {
    const review = () => Promise.resolve<Answer>({ allowed: true });
    const routes: Route[] = [{ path: '/validate/pods', phase: 'validate', resources: ['pods'], review }];
    const own = await serve({ routes, slowMs: 0, metrics: createWebhookMetrics(new Registry()) });
    const stalled = Array.from({ length: 64 }, () => stall(own.port, 2 ** 18 + 1));
    expect(await Promise.race(stalled.map(({ cut }) => cut))).toBe('cut');
    const larger = reviewJson({ ...aPod(), padding: 'x'.repeat(2 ** 19) });
    for (let round = 0; round < 5; round++)
      expect((await post('/validate/pods', larger, { port: own.port })).status).toBe(200);
    for (const { request } of stalled) request.destroy();
    await own.close(0);
  });
});

describe('who sends too slowly', () => {
  const json = JSON.stringify({ half: 'a review' });
  const review = () => Promise.resolve<Answer>({ allowed: true });
  const routes: Route[] = [{ path: '/validate/pods', phase: 'validate', resources: ['pods'], review }];
  const head = `POST /validate/pods HTTP/1.1\r\nhost: ${NAME}\r\ncontent-type: application/json\r\n`;

  test.each([
    ['nothing', ''],
    ['half of its headers', head],
    ['half of its body', `${head}content-length: ${json.length}\r\n\r\n${json.slice(0, 5)}`],
  ])('is cut off after its time, where it sent %s, and others are served meanwhile', async (_, sent) => {
    const strict = await serve({ routes, receiveMs: 300, metrics: createWebhookMetrics(new Registry()) });
    const socket = connect({
      port: strict.port,
      host: '127.0.0.1',
      ca: authority.certificate,
      servername: NAME,
    });
    const startedAt = monotonicNow();
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(sent);
    const other = await post('/', '{}', { port: strict.port, agent: agentOfItsOwn() });
    expect(other.status).toBe(404);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(monotonicNow() - startedAt).toBeGreaterThanOrEqual(250);
    await strict.close(0);
  });
});

test('a new certificate serves new connections, and open ones go on', async () => {
  await ask('/validate/pods', aPod());
  const next = await issue();
  server.setCertificate(next);
  expect(await ask('/validate/pods', aPod())).toMatchObject({ allowed: true });
  const socket = connect({
    port: server.port,
    host: '127.0.0.1',
    ca: authority.certificate,
    servername: NAME,
  });
  await once(socket, 'secureConnect');
  expect(`${socket.getPeerX509Certificate()?.toString().trim()}\n`).toBe(next.cert);
  socket.destroy();
});

describe('where clients show certificates', () => {
  const strangers = createAuthority('strangers', validity);
  const renewed = createAuthority('renewed', validity);
  const clientsCa = createAuthority('clients', validity);
  const API_SERVER = 'kube-apiserver';
  let strict: WebhookServer;

  beforeEach(async () => {
    strict = await serve({
      routes: [
        {
          path: '/validate/pods',
          phase: 'validate',
          resources: ['pods'],
          review: createPodValidator(someFacts()),
        },
      ],
      metrics: createWebhookMetrics(new Registry()),
      clients: { authorities: (await clientsCa).certificate, names: [API_SERVER] },
    });
  });
  afterEach(() => strict.close(0));

  /** A review sent by who shows this certificate, over a connection of its own where no agent is given. */
  const askAs = (pair: KeyPair | undefined, agent?: Agent) =>
    post('/validate/pods', reviewJson(aPod()), {
      port: strict.port,
      agent:
        agent ??
        new Agent({
          ca: authority.certificate,
          servername: NAME,
          host: '127.0.0.1',
          ...(pair && { cert: pair.certificate, key: pair.key }),
        }),
    });
  const REFUSED = /ECONNRESET|socket hang up|alert|EPIPE/i;

  test('the API server is answered as ever', async () => {
    const { status, body } = await askAs(
      await createClientCertificate(await clientsCa, API_SERVER, validity),
    );
    expect(status).toBe(200);
    expect((JSON.parse(body) as AdmissionReview).response).toMatchObject({ allowed: true });
  });

  test('who shows none gets no answer, not even that there is nothing', async () => {
    await expect(askAs(undefined)).rejects.toThrow(REFUSED);
    await expect(post('/', '{}', { port: strict.port, agent: agentOfItsOwn() })).rejects.toThrow(REFUSED);
  });

  test.each<[string, () => Promise<KeyPair>]>([
    ['of another authority', async () => createClientCertificate(await strangers, API_SERVER, validity)],
    [
      'that has expired',
      async () =>
        createClientCertificate(await clientsCa, API_SERVER, {
          notBefore: validity.notBefore - 120_000,
          notAfter: validity.notBefore,
        }),
    ],
    // An authority may sign both; who serves under the API server's name is not it.
    ['that is a server’s', async () => createLeaf(await clientsCa, [API_SERVER], validity)],
  ])('nor does who shows one %s', async (_, pair) => {
    await expect(askAs(await pair())).rejects.toThrow(REFUSED);
  });

  test('who is somebody else of the same authority is told so, and nothing more', async () => {
    const { status, body } = await askAs(await createClientCertificate(await clientsCa, 'kubelet', validity));
    expect(status).toBe(403);
    expect(body).toBe('the name in the client certificate is none of those that may call\n');
  });

  test('authorities are changed under way: new ones let in, old ones do not, and what is open is closed after an answer', async () => {
    const before = await createClientCertificate(await clientsCa, API_SERVER, validity);
    const after = await createClientCertificate(await renewed, API_SERVER, validity);
    const kept = new Agent({
      keepAlive: true,
      ca: authority.certificate,
      servername: NAME,
      host: '127.0.0.1',
      cert: before.certificate,
      key: before.key,
    });
    expect((await askAs(before, kept)).headers.connection).toBe('keep-alive');
    strict.setClientAuthorities((await renewed).certificate);
    expect(await askAs(before, kept)).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await expect(askAs(before, kept)).rejects.toThrow(REFUSED);
    await expect(askAs(before)).rejects.toThrow(REFUSED);
    expect((await askAs(after)).status).toBe(200);
    kept.destroy();
  });

  test('a new certificate of the server leaves its authorities as they are', async () => {
    strict.setCertificate(await issue());
    await expect(askAs(undefined)).rejects.toThrow(REFUSED);
    const pair = await createClientCertificate(await clientsCa, API_SERVER, validity);
    expect((await askAs(pair)).status).toBe(200);
  });
});

describe('at the end', () => {
  test('what is under way is answered, clients are asked to close, and nothing new is taken', async () => {
    const idle = await post('/validate/pods', reviewJson(aPod()));
    expect(idle.headers.connection).toBe('keep-alive');
    const answered = post('/wait', reviewJson(aPod()));
    await asked(1);
    const closed = server.close(60_000);
    await expect(post('/validate/pods', reviewJson(aPod()), { agent: agentOfItsOwn() })).rejects.toThrow(
      'ECONNREFUSED',
    );
    calls[0]?.answer({ allowed: true });
    expect(await answered).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closed;
  });

  test('a request on a connection that was kept is answered: it may have been on its way', async () => {
    const review: Reviewer = () => Promise.resolve({ allowed: true });
    const routes: Route[] = [{ path: '/validate/pods', phase: 'validate', resources: ['pods'], review }];
    const metrics = createWebhookMetrics(new Registry());
    const patient = await serve({ routes, metrics, idleMs: 60_000 });
    const kept = new Agent({ keepAlive: true, ca: authority.certificate, servername: NAME });
    const send = () => post('/validate/pods', reviewJson(aPod()), { agent: kept, port: patient.port });
    expect((await send()).headers.connection).toBe('keep-alive');
    const closed = patient.close(60_000);
    expect(await send()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await closed;
  });

  test('who asks for what cannot be answered is asked to close as well', async () => {
    const body = 'no review at all';
    const socket = connect({
      port: server.port,
      host: '127.0.0.1',
      ca: authority.certificate,
      servername: NAME,
    });
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(`POST /validate/pods HTTP/1.1\r\nhost: ${NAME}\r\n`);
    socket.write(`content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`);
    await vi.waitFor(async () => {
      expect(await registry.metrics()).toContain(
        'controller_runtime_webhook_requests_in_flight{webhook="/validate/pods"} 1\n',
      );
    }, 20_000);
    const closed = server.close(60_000);
    socket.write(body);
    await closed;
    await once(socket, 'end');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/^connection: close\r$/im);
  });

  test('what takes longer than the deadline is cut off', async () => {
    const answered = post('/wait', reviewJson(aPod()));
    await asked(1);
    const [outcome] = await Promise.allSettled([answered, server.close(0)]);
    expect(outcome.status).toBe('rejected');
  });

  test('nor is a connection waited for that never says that it speaks TLS', async () => {
    const mute = connectTcp({ port: server.port, host: '127.0.0.1' });
    await once(mute, 'connect');
    // Known to the server before it closes, or there would be nothing to wait for.
    await ask('/validate/pods', aPod());
    const ended = once(mute, 'close');
    await server.close(100);
    await ended;
  });
});

test('requests, decisions and violations are counted', async () => {
  await ask('/validate/pods', aPod());
  await ask('/validate/pods', aPod(withContainer({ image: 'busybox' })));
  await ask('/fail', aPod());
  await post('/validate/pods', '{}');
  await post('/validate/pods', reviewOfSecrets);
  // Counted when the response is closed, which the client may see first.
  agent.destroy();
  await server.close(1000);
  const text = await registry.metrics();
  const decided = (phase: string, decision: string) =>
    `taskgrant_admission_decisions_total{phase="${phase}",resource="pods",operation="CREATE",decision="${decision}"} 1`;
  for (const line of [
    'controller_runtime_webhook_requests_total{webhook="/validate/pods",code="200"} 2',
    'controller_runtime_webhook_requests_total{webhook="/validate/pods",code="400"} 2',
    'controller_runtime_webhook_requests_in_flight{webhook="/validate/pods"} 0',
    decided('validate', 'allowed'),
    decided('validate', 'denied'),
    decided('validate', 'failed'),
    'taskgrant_admission_violations_total{code="ImageNotGranted"} 1',
    'taskgrant_admission_violations_total{code="SecretNotGranted"} 0',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).not.toContain('secrets');
});
