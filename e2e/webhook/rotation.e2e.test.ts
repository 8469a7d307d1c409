/** The certificates that the product makes for itself, on the way of a real API server's calls. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { connect } from 'node:tls';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KubernetesObject } from '../../src/api/kubernetes.ts';
import {
  CERTIFICATES_KEY,
  createCertificateReaders,
  createCertificateReconciler,
} from '../../src/controller/certificates.ts';
import type { CertificateLifetimes } from '../../src/controller/certificate-plan.ts';
import { createControllerMetrics } from '../../src/controller/metrics.ts';
import { createLeaf, createAuthority } from '../../src/kube/certificate-authority.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import type { Reader } from '../../src/kube/reader.ts';
import { createController } from '../../src/kube/reconciler.ts';
import {
  configMaps,
  mutatingWebhookConfigurations,
  namespaces,
  resource,
  secrets,
  validatingWebhookConfigurations,
} from '../../src/kube/resources.ts';
import { createWebhookMetrics } from '../../src/webhook/metrics.ts';
import { serveWebhook, type WebhookServer } from '../../src/webhook/server.ts';
import { createCertificateSource } from '../../src/webhook/tls.ts';
import { aConfigMap, clusterKubeConfig, createTestNamespace, testClient } from '../kube/testbed.ts';

const client = testClient(clusterKubeConfig());
const cleanUp: (() => Promise<unknown>)[] = [];
const SERVICE = 'taskgrant-webhook';
const TLS_SECRET = 'taskgrant-webhook-tls';
const CA_SECRET = 'taskgrant-ca';
let namespace: string;
/** Of both webhook configurations. */
let name: string;
let server: WebhookServer;
/** How often the API server has called. */
let calls: number;

interface Service extends KubernetesObject {
  spec: { ports: { port: number; targetPort: number }[] };
}
interface EndpointSlice extends KubernetesObject {
  addressType: 'IPv4';
  ports: { port: number }[];
  endpoints: { addresses: string[] }[];
}
const services = resource<Service>('v1', 'Service', 'services', 'Namespaced');
const endpointSlices = resource<EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
  'Namespaced',
);

const now = () => Date.now();

beforeEach(async () => {
  namespace = await createTestNamespace(client);
  name = `rotation-${randomBytes(4).toString('hex')}`;
  calls = 0;
  cleanUp.push(() => client.remove(namespaces, { name: namespace }));
});

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

afterAll(() => client.close());

/** An address of this machine at which the cluster's API server can call it. */
const ownAddress = (): string => {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!own) throw new Error('this machine has no IPv4 address but loopback: no API server can call it');
  return own.address;
};

/** The webhook's side: certificates from the Secret, changed without a restart. */
const serve = async () => {
  const registry = new Registry();
  const metrics = createWebhookMetrics(registry);
  const source = createCertificateSource({
    client,
    namespace,
    name: TLS_SECRET,
    dnsName: `${SERVICE}.${namespace}.svc`,
    logger: silentLogger,
    readerMetrics: createKubeMetrics(registry).reader,
    metrics: metrics.certificate,
    now,
  });
  source.start();
  cleanUp.push(() => source.stop());
  const certificate = await source.first(AbortSignal.timeout(60_000));
  const review = () => {
    calls += 1;
    return Promise.resolve({ allowed: true } as const);
  };
  server = await serveWebhook({
    port: 0,
    certificate,
    routes: [{ path: '/allow', phase: 'validate', resources: ['configmaps'], review }],
    metrics,
    logger: silentLogger,
  });
  source.onChange((next) => {
    server.setCertificate(next);
  });
  cleanUp.push(() => server.close(1000));
  const refused = async () => {
    const metric = await registry.getSingleMetric('taskgrant_webhook_certificates_refused_total')?.get();
    return metric?.values.reduce((sum, { value }) => sum + value, 0);
  };
  return { refused };
};

/** The controller's side. */
const keepCertificates = async (lifetimes: CertificateLifetimes) => {
  const options = {
    namespace,
    caSecret: CA_SECRET,
    tlsSecret: TLS_SECRET,
    webhookService: SERVICE,
    webhookConfiguration: name,
    lifetimes,
  };
  const readers = createCertificateReaders(
    options,
    client,
    silentLogger,
    createKubeMetrics(new Registry()).reader,
  );
  const controller = createController({
    name: 'certificates',
    reconcile: createCertificateReconciler(options, {
      client,
      logger: silentLogger,
      readers,
      metrics: createControllerMetrics(new Registry(), () => [], now).certificates,
      now,
    }),
    logger: silentLogger,
  });
  for (const reader of Object.values(readers) as Reader<KubernetesObject>[]) {
    reader.subscribe(() => {
      controller.queue.add(CERTIFICATES_KEY);
    });
    reader.start();
    await reader.waitForSync();
    cleanUp.push(() => reader.stop());
  }
  controller.queue.add(CERTIFICATES_KEY);
  controller.start();
  cleanUp.push(() => controller.stop());
};

/** Has the API server ask twice about every ConfigMap in the namespace, and refuse it where no answer comes. */
const configure = async () => {
  const webhook = (rest: object) => ({
    name: 'rotation.taskgrant.dev',
    clientConfig: { service: { namespace, name: SERVICE, port: 443, path: '/allow' } },
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Fail' as const,
    sideEffects: 'None' as const,
    timeoutSeconds: 5,
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    rules: [
      { operations: ['CREATE' as const], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
    ],
    ...rest,
  });
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await client.create(mutatingWebhookConfigurations, {
    apiVersion,
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [webhook({})],
  });
  cleanUp.push(() => client.remove(mutatingWebhookConfigurations, { name }));
  await client.create(validatingWebhookConfigurations, {
    apiVersion,
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [webhook({})],
  });
  cleanUp.push(() => client.remove(validatingWebhookConfigurations, { name }));
};

/** Leads the Service to this process. */
const leadService = async (port: number) => {
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name: SERVICE },
    spec: { ports: [{ port: 443, targetPort: port }] },
  });
  await client.create(endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: SERVICE, labels: { 'kubernetes.io/service-name': SERVICE } },
    addressType: 'IPv4',
    ports: [{ port }],
    endpoints: [{ addresses: [ownAddress()] }],
  });
};

/** Something that is admitted only when the API server gets the webhook's answer. */
const admit = () => client.create(configMaps, aConfigMap(namespace, 'admitted'), { dryRun: true });

/** Until both webhooks are asked: before their configurations are in force it is admitted unasked, and then refused until they are trusted. */
const untilAsked = () =>
  vi.waitFor(
    async () => {
      const called = calls;
      await admit();
      expect(calls).toBe(called + 2);
    },
    { timeout: 60_000, interval: 200 },
  );

/** The CAs that the webhook configuration has now. */
const trusted = async (): Promise<X509Certificate[]> => {
  const { webhooks } = await client.get(validatingWebhookConfigurations, { name });
  const bundle = Buffer.from(webhooks?.[0]?.clientConfig.caBundle ?? '', 'base64').toString();
  return (bundle.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
};

/** What the server shows to a new connection, trusted by these. @throws where it is not */
const shown = async (authorities: X509Certificate[]): Promise<X509Certificate> => {
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    servername: `${SERVICE}.${namespace}.svc`,
    ca: authorities.map(String),
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (!certificate) throw new Error('no certificate was shown');
  return certificate;
};

const MINUTES = 4 * 60_000;

test(
  'certificates and their CA are renewed under way, and no request is refused for it',
  async () => {
    await configure();
    // Of 24 s almost 9 are left when a certificate falls due, for a machine that is busy to take up the next one; 4 go to the overlap.
    await keepCertificates({ authority: 72_000, leaf: 24_000, overlap: 4000 });
    await serve();
    await leadService(server.port);
    await untilAsked();

    const leaves = new Set<string>();
    const authorities = new Set<string>();
    let admitted = 0;
    const renewed = () => leaves.size >= 4 && authorities.size >= 2;
    for (const until = performance.now() + 120_000; !renewed() && performance.now() < until;) {
      const called = calls;
      await admit();
      admitted += 1;
      expect(calls).toBe(called + 2);
      const bundle = await trusted();
      const leaf = await shown(bundle);
      leaves.add(leaf.fingerprint256);
      const signer = bundle.find(
        (authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey),
      );
      if (signer) authorities.add(signer.fingerprint256);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(renewed(), `${leaves.size} certificates of ${authorities.size} CAs`).toBe(true);
    // Also between renewals; how often is the machine's business.
    expect(admitted).toBeGreaterThan(leaves.size);
  },
  MINUTES,
);

test('a Secret that cannot be used, or is gone, leaves the certificate before in use', async () => {
  const validity = { notBefore: now() - 60_000, notAfter: now() + 3_600_000 };
  const authority = await createAuthority('ca', validity);
  const issue = async () => createLeaf(authority, [`${SERVICE}.${namespace}.svc`], validity);
  const [first, second] = [await issue(), await issue()];
  const store = (certificate: string, key: string) =>
    client.patch(
      secrets,
      { namespace, name: TLS_SECRET },
      {
        type: 'apply',
        force: true,
        body: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { namespace, name: TLS_SECRET },
          stringData: { 'tls.crt': certificate, 'tls.key': key },
        },
      },
    );
  const inUse = async () => `${String(await shown([new X509Certificate(authority.certificate)])).trim()}\n`;

  // As a fresh installation has it: waited for, and no mistake.
  await store('', '');
  const serving = serve();
  await store(first.certificate, first.key);
  const { refused } = await serving;
  expect(await inUse()).toBe(first.certificate);
  expect(await refused()).toBe(0);

  await store(second.certificate, first.key);
  await vi.waitFor(async () => {
    expect(await refused()).toBe(1);
  }, 60_000);
  expect(await inUse()).toBe(first.certificate);

  await client.remove(secrets, { namespace, name: TLS_SECRET });
  await store(second.certificate, second.key);
  await vi.waitFor(async () => {
    expect(await inUse()).toBe(second.certificate);
  }, 60_000);
});

/** Long enough that nothing is renewed for its age during a test. */
const HOURS = { authority: 36 * 3_600_000, leaf: 12 * 3_600_000, overlap: 5000 };

const bundlesOf = async () => {
  const [mutating, validating] = await Promise.all([
    client.get(mutatingWebhookConfigurations, { name }),
    client.get(validatingWebhookConfigurations, { name }),
  ]);
  return [...(mutating.webhooks ?? []), ...(validating.webhooks ?? [])].map(
    ({ clientConfig }) => clientConfig.caBundle,
  );
};

const BUNDLE = '/webhooks/0/clientConfig/caBundle';

test.each([
  ['taken away', () => Promise.resolve({ op: 'remove' as const, path: BUNDLE })],
  [
    'replaced by another',
    async () => {
      const other = await createAuthority('other', { notBefore: now(), notAfter: now() + 3_600_000 });
      const value = Buffer.from(other.certificate).toString('base64');
      return { op: 'add' as const, path: BUNDLE, value };
    },
  ],
])(
  'a CA bundle that was %s comes back, and requests are admitted again',
  async (_, edited) => {
    await configure();
    await keepCertificates(HOURS);
    await serve();
    await leadService(server.port);
    await untilAsked();
    const before = await bundlesOf();
    expect(before.every((bundle) => bundle !== undefined)).toBe(true);

    const edit = await edited();
    for (const kind of [mutatingWebhookConfigurations, validatingWebhookConfigurations] as const)
      await client.patch<KubernetesObject>(kind, { name }, { type: 'json', body: [edit] });
    // By the watch: readers list anew after minutes only.
    await vi.waitFor(
      async () => {
        expect(await bundlesOf()).toEqual(before);
      },
      { timeout: 60_000, interval: 100 },
    );
    await untilAsked();
  },
  MINUTES,
);

test.each([
  ['the certificate has no key', TLS_SECRET, { 'tls.key': null }],
  ['the certificate is no certificate', TLS_SECRET, { 'tls.crt': 'bm90IGEgY2VydGlmaWNhdGU=' }],
  ['the certificate is empty', TLS_SECRET, { 'tls.crt': null, 'tls.key': null }],
  ['the CA has no key', CA_SECRET, { 'ca.key': null }],
  ['the CA is empty', CA_SECRET, { 'ca.crt': null, 'ca.key': null, 'previous.crt': null }],
] as const)(
  'where %s, it is made anew, and no request is refused for it',
  async (_, secret, data) => {
    await configure();
    await keepCertificates(HOURS);
    await serve();
    await leadService(server.port);
    await untilAsked();
    const before = await shown(await trusted());

    await client.patch(secrets, { namespace, name: secret }, { type: 'merge', body: { data } });
    let after = before;
    for (const until = performance.now() + 60_000; performance.now() < until;) {
      await admit();
      after = await shown(await trusted());
      if (after.fingerprint256 !== before.fingerprint256) break;
    }
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    await admit();
  },
  MINUTES,
);
