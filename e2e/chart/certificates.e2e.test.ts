/**
 * The webhook's certificates as they are installed, with lifetimes of seconds: renewed under load, mended where somebody breaks them, and
 * with cert-manager in the controller's place, whose part the test plays.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubernetesObject, Pod } from '../../src/api/kubernetes.ts';
import {
  createAuthority,
  createLeaf,
  readKeyPair,
  type KeyPair,
} from '../../src/kube/certificate-authority.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import {
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  secrets,
  validatingWebhookConfigurations,
} from '../../src/kube/resources.ts';
import { aGrantManifest, aPodManifest, apply, enforcedNamespace, untilPhase } from '../grant/testbed.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  applyCrds,
  chart,
  createReleaseNamespace,
  helm,
  kubectl,
  kubectlApply,
  kubectlDelete,
  may,
  namespace,
  release,
} from './release.ts';
import {
  askMeanwhile,
  bundles,
  CA_SECRET,
  metricsOf,
  replicas,
  secretText,
  TLS_SECRET,
  untilServed,
  whyNotReady,
} from './serving.ts';

const admin = testClient(clusterKubeConfig());
afterAll(() => admin.close());

const MINUTES = 15 * 60_000;
let work: string;

beforeAll(async () => {
  await createReleaseNamespace();
  await applyCrds();
});

afterAll(async () => {
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found');
}, MINUTES);

describe('with lifetimes of seconds', () => {
  /**
   * How often each is made anew: 96 s are renewed after 60, and 288 after 182. In what is left of a certificate then, on a machine that is busy,
   * two controllers take over from each other, and the last one waits for the overlap.
   */
  const LIFETIMES = { caLifetime: '288s', lifetime: '96s', overlap: '4s' };

  beforeAll(async () => {
    await helm(
      ...(['Helm 4', 'install', release, chart, '--namespace', namespace] as const),
      ...['--wait', '--timeout', '3m'],
      ...Object.entries(LIFETIMES).flatMap(([name, value]) => ['--set', `certificates.${name}=${value}`]),
    );
    await readyToAsk();
  }, MINUTES);

  afterAll(async () => {
    await admin.remove(namespaces, { name: work });
    await helm('Helm 4', 'uninstall', release, '--namespace', namespace, '--wait', '--timeout', '4m');
    // Those that the controller has made anew as well.
    for (const secret of [CA_SECRET, TLS_SECRET])
      await expect(admin.get(secrets, secret), secret.name).rejects.toSatisfy(isNotFound);
  }, MINUTES);

  test(
    'certificates and CAs are renewed again and again, also by the next controller, on every replica, and nothing is refused',
    async () => {
      const before = await madeSoFar();
      const [leaves, authorities] = [new Set([before.leaf]), new Set([before.authority])];
      let hasRestarted = false;
      const asking = startAsking();
      await vi.waitFor(
        async () => {
          const { leaf, authority } = await madeSoFar();
          leaves.add(leaf);
          authorities.add(authority);
          // In the middle of an overlap: the new CA is made, and has signed nothing yet.
          if (authorities.size === 2 && !hasRestarted) {
            hasRestarted = true;
            await kubectl('rollout', 'restart', `deployment/${release}-controller`, '--namespace', namespace);
          }
          expect(authorities.size).toBeGreaterThanOrEqual(3);
          expect(leaves.size).toBeGreaterThanOrEqual(4);
        },
        { timeout: MINUTES - 120_000, interval: 500 },
      );
      await untilServed(admin);
      const { admitted, refusals } = await asking.stop();
      expect(refusals).toEqual([]);
      expect(admitted).toBeGreaterThan(100);
      await kubectl(
        ...['rollout', 'status', `deployment/${release}-controller`, '--namespace', namespace],
        '--timeout=180s',
      );
    },
    MINUTES,
  );

  test.each([
    ['the certificate without its key', TLS_SECRET, { 'tls.key': null }],
    ['half a certificate', TLS_SECRET, { 'tls.crt': base64('-----BEGIN CERTIFICATE-----\nMIIB') }],
    ['the CA without its key', CA_SECRET, { 'ca.key': null }],
    ['nothing where the CA was', CA_SECRET, { 'ca.crt': null, 'ca.key': null, 'previous.crt': null }],
  ])(
    'somebody leaves %s: it is made anew, and nothing is refused',
    async (_, secret, data) => {
      const before = await madeSoFar();
      const asking = startAsking();
      await admin.patch(secrets, secret, { type: 'merge', body: { data } });
      await vi.waitFor(
        async () => {
          const after = await madeSoFar();
          expect(after.leaf).not.toBe(before.leaf);
          if (secret === CA_SECRET) expect(after.authority).not.toBe(before.authority);
        },
        { timeout: 60_000, interval: 200 },
      );
      await untilServed(admin);
      const { admitted, refusals } = await asking.stop();
      expect(refusals).toEqual([]);
      expect(admitted).toBeGreaterThan(10);
    },
    MINUTES,
  );

  test(
    'both Secrets are deleted: they are made anew, and nothing is refused',
    async () => {
      const asking = startAsking();
      await kubectl('delete', 'secret', CA_SECRET.name, TLS_SECRET.name, '--namespace', namespace);
      await vi.waitFor(() => madeSoFar(), { timeout: 60_000, interval: 200 });
      await untilServed(admin);
      const { refusals } = await asking.stop();
      expect(refusals).toEqual([]);
    },
    MINUTES,
  );

  test(
    'whoever edits the CA bundles away sees them come back, and requests are admitted again',
    async () => {
      const edit = { op: 'remove' as const, path: '/webhooks/0/clientConfig/caBundle' };
      for (const kind of [mutatingWebhookConfigurations, validatingWebhookConfigurations] as const)
        await admin.patch<KubernetesObject>(kind, { name: release }, { type: 'json', body: [edit] });
      await vi.waitFor(
        async () => {
          expect((await bundles(admin)).filter((bundle) => (bundle ?? '') === '')).toEqual([]);
        },
        { timeout: 60_000, interval: 200 },
      );
      await vi.waitFor(() => admin.create(pods, aTask(), { dryRun: true }), {
        timeout: 60_000,
        interval: 200,
      });
    },
    MINUTES,
  );
});

describe('with cert-manager', () => {
  /** What the chart says without cert-manager's own kinds, which this cluster does not have. */
  let manifest: string;
  let authority: KeyPair;
  const HOUR = 3_600_000;
  const validity = () => ({ notBefore: Date.now() - HOUR, notAfter: Date.now() + 30 * 24 * HOUR });
  const names: [string, ...string[]] = [`${release}-webhook.${namespace}.svc`];

  beforeAll(async () => {
    const { gitVersion } = (await admin.getPath('/version')) as { gitVersion: string };
    const rendered = await helm(
      ...(['Helm 4', 'template', release, chart, '--namespace', namespace, '--no-hooks'] as const),
      ...['--set', 'certificates.certManager.enabled=true', '--kube-version', gitVersion],
    );
    manifest = parseAllDocuments(rendered)
      .map((document) => document.toJS() as KubernetesObject | null)
      .filter((object) => object !== null && !object.apiVersion.startsWith('cert-manager.io/'))
      .map((object) => stringify(object))
      .join('---\n');
    await kubectlApply(manifest, '--server-side', '--force-conflicts');
    authority = await createAuthority('cert-manager', validity());
  }, MINUTES);

  afterAll(async () => {
    await kubectl('delete', 'taskgrants', '--all', '--namespace', work, '--timeout=60s');
    await admin.remove(namespaces, { name: work });
    await kubectlDelete(manifest);
  }, MINUTES);

  test(
    'the webhook serves with what cert-manager writes, and is ready not before that',
    async () => {
      await vi.waitFor(
        async () => {
          const said = await Promise.all(
            (await replicas(admin, 'webhook')).map((pod) => whyNotReady(admin, pod)),
          );
          expect(said).toHaveLength(3);
          for (const why of said) expect(why).toContain('waiting for the serving certificate');
        },
        { timeout: 120_000, interval: 1000 },
      );
      await injectCa(authority.certificate);
      await issue(await createLeaf(authority, names, validity()));
      await kubectl(
        ...['rollout', 'status', `deployment/${release}-webhook`, '--namespace', namespace],
        '--timeout=180s',
      );
      await kubectl(
        ...['rollout', 'status', `deployment/${release}-controller`, '--namespace', namespace],
        '--timeout=180s',
      );
      await readyToAsk();
    },
    MINUTES,
  );

  test(
    'every replica serves with the next one as soon as it is written, and nothing is refused',
    async () => {
      const asking = startAsking();
      for (let round = 0; round < 3; round++) {
        await issue(
          await createLeaf(authority, names, { ...validity(), notAfter: Date.now() + (round + 1) * HOUR }),
        );
        await untilServed(admin);
      }
      const { admitted, refusals } = await asking.stop();
      expect(refusals).toEqual([]);
      expect(admitted).toBeGreaterThan(10);
    },
    MINUTES,
  );

  test(
    'what cannot be used is not taken up: replicas go on, with an alarm; a new one is not ready, and no log has a key',
    async () => {
      const good = await createLeaf(authority, names, validity());
      const other = await createLeaf(authority, names, validity());
      const at = Date.now();
      const times = {
        expired: { notBefore: at - 2 * HOUR, notAfter: at - HOUR },
        later: { notBefore: at + HOUR, notAfter: at + 2 * HOUR },
      };
      const broken: [fault: string, pair: KeyPair][] = [
        ['OtherKey', { ...good, key: other.key }],
        ['OtherName', await createLeaf(authority, ['elsewhere.svc'], validity())],
        ['Expired', await createLeaf(authority, names, times.expired)],
        ['NotYetValid', await createLeaf(authority, names, times.later)],
        ['Unreadable', { ...good, certificate: good.certificate.slice(0, 300) }],
        ['Incomplete', { ...good, key: '' }],
      ];
      const asking = startAsking();
      for (const [fault, pair] of broken) {
        await issue(pair);
        await vi.waitFor(
          async () => {
            for (const metrics of await metricsOf(admin, 'webhook'))
              expect(metrics).toContain(`taskgrant_webhook_certificate_unusable{fault="${fault}"} 1\n`);
          },
          { timeout: 60_000, interval: 500 },
        );
      }

      const [victim] = await replicas(admin, 'webhook');
      await kubectl('delete', 'pod', victim ?? '', '--namespace', namespace);
      await vi.waitFor(
        async () => {
          const now = await replicas(admin, 'webhook');
          expect(now).toHaveLength(3);
          expect(now).not.toContain(victim);
          const why = await Promise.all(now.map((pod) => whyNotReady(admin, pod)));
          expect(why.filter((word) => word !== undefined)).toEqual([
            expect.stringContaining('waiting for the serving certificate'),
          ]);
        },
        { timeout: 120_000, interval: 1000 },
      );
      // Not by their label: the one that was deleted has it too, and its log goes with it while it is read.
      const logsOfEach = (await replicas(admin, 'webhook')).map((pod) =>
        kubectl('logs', pod, '--namespace', namespace),
      );
      const logs = (await Promise.all(logsOfEach)).join('\n');
      expect(logs).toContain('OtherName');
      expect(logs).not.toContain('-----BEGIN');
      for (const { key } of [good, other]) expect(logs).not.toContain(key.split('\n')[1]);

      await issue(good);
      await untilServed(admin);
      await kubectl(
        ...['rollout', 'status', `deployment/${release}-webhook`, '--namespace', namespace],
        '--timeout=180s',
      );
      const { refusals } = await asking.stop();
      expect(refusals).toEqual([]);
      for (const metrics of await metricsOf(admin, 'webhook'))
        expect(metrics).not.toMatch(/^taskgrant_webhook_certificate_unusable\{.*\} 1$/m);
    },
    MINUTES,
  );

  test('the controller may neither read the certificate nor change the webhook configurations, and has not', async () => {
    const controller = `${release}-controller`;
    expect(await may(controller, 'get', 'leases/taskgrant-controller', '--namespace', namespace)).toBe(true);
    for (const verb of ['list', 'update', 'patch', 'create'])
      for (const { name } of [TLS_SECRET, CA_SECRET])
        expect(
          await may(controller, verb, `secrets/${name}`, '--namespace', namespace),
          `${verb} ${name}`,
        ).toBe(false);
    for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
      expect(await may(controller, 'patch', `${kind}.admissionregistration.k8s.io/${release}`), kind).toBe(
        false,
      );
    expect(new Set(await bundles(admin))).toEqual(new Set([base64(authority.certificate)]));
  });

  /** As cert-manager's controller writes it: into the Secret that is there. */
  async function issue({ certificate, key }: KeyPair): Promise<void> {
    await admin.patch(secrets, TLS_SECRET, {
      type: 'apply',
      force: true,
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: TLS_SECRET,
        type: 'Opaque',
        data: {
          'tls.crt': base64(certificate),
          'tls.key': base64(key),
          'ca.crt': base64(authority.certificate),
        },
      },
    });
  }

  /** As its cainjector does, for the configurations that ask for it. */
  async function injectCa(certificate: string): Promise<void> {
    for (const kind of [mutatingWebhookConfigurations, validatingWebhookConfigurations] as const) {
      const { metadata, webhooks = [] } = await admin.get(kind, { name: release });
      expect(metadata.annotations?.['cert-manager.io/inject-ca-from']).toBe(
        `${namespace}/${release}-webhook`,
      );
      const body = webhooks.map((_webhook, index) => ({
        op: 'add' as const,
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: base64(certificate),
      }));
      await admin.patch<KubernetesObject>(kind, { name: release }, { type: 'json', body });
    }
  }
});

/** A namespace of the test's own with a grant that is active, from which `aTask` can be asked for. */
async function readyToAsk(): Promise<void> {
  work = await enforcedNamespace(admin);
  await vi.waitFor(
    async () => {
      expect((await apply(aGrantManifest(work, 'lasting', { duration: '1h' }))).stderr).toBe('');
    },
    { timeout: 60_000, interval: 1000 },
  );
  await untilPhase(admin, { namespace: work, name: 'lasting' }, 'Active');
}

function aTask(): Pod {
  return aPodManifest(work, 'asked', 'lasting', 'true');
}

/** Each is a call of the mutating and one of the validating webhook, of whichever replicas the API server chooses. */
function startAsking() {
  return askMeanwhile(() => admin.create(pods, aTask(), { dryRun: true }), 6);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The certificate and the CA that are in the Secrets now. @throws where either is none */
async function madeSoFar(): Promise<{ leaf: string; authority: string }> {
  const [leaf, authority] = await Promise.all([
    pairIn(TLS_SECRET, 'tls.crt', 'tls.key'),
    pairIn(CA_SECRET, 'ca.crt', 'ca.key'),
  ]);
  for (const pair of [leaf, authority])
    if (!readKeyPair(pair)) throw new Error('a Secret has no certificate with its key');
  return { leaf: leaf.certificate, authority: authority.certificate };
}

async function pairIn(secret: typeof TLS_SECRET, certificate: string, key: string): Promise<KeyPair> {
  return {
    certificate: await secretText(admin, secret, certificate),
    key: await secretText(admin, secret, key),
  };
}
