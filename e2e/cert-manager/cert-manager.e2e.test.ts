/**
 * The webhook's certificate from cert-manager: its own code, chart and CRDs, as pods of the cluster. Each test goes on where the last ended.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { KubernetesObject } from '../../src/api/kubernetes.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { readBundle } from '../../src/kube/certificate-authority.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { namespaces, pods, resource, secrets, taskGrants } from '../../src/kube/resources.ts';
import {
  applyCrds,
  chart,
  createReleaseNamespace,
  everythingLabelled,
  helm,
  kubectl,
  may,
  namespace,
  ofRelease,
  release,
} from '../chart/release.ts';
import { askMeanwhile, bundles, CA_SECRET, secretText, TLS_SECRET, untilServed } from '../chart/serving.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  enforcedNamespace,
  until,
  untilPhase,
} from '../grant/testbed.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { installCertManager, scaleInjector, uninstallCertManager } from './install.ts';

interface Certificate extends KubernetesObject {
  status?: { conditions?: { type: string; status: string; [more: string]: unknown }[] };
}
const certificates = resource<Certificate>('cert-manager.io/v1', 'Certificate', 'certificates', 'Namespaced');

const MINUTES = 10 * 60_000;
const HOUR = 3_600_000;
/** The shortest that cert-manager's webhook lets anybody have. */
const LIFETIMES = ['--set', 'certificates.lifetime=1h', '--set', 'certificates.caLifetime=3h'];
const WITH = ['--set', 'certificates.certManager.enabled=true', ...LIFETIMES];
const inRelease = [release, '--namespace', namespace] as const;

const admin = testClient(clusterKubeConfig());
let work: string;

beforeAll(async () => {
  await createReleaseNamespace();
  await applyCrds();
  await installCertManager();
}, MINUTES);

afterAll(async () => {
  await uninstallCertManager();
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found');
  await admin.close();
}, MINUTES);

test(
  'the chart is installed, and every replica serves with what cert-manager has issued',
  async () => {
    await helm('Helm 4', 'install', ...inRelease, chart, ...WITH, '--wait', '--timeout', '3m');
    await untilServed(admin);
    const [leaf] = readBundle(await secretText(admin, TLS_SECRET, 'tls.crt'));
    expect((leaf?.notAfter ?? 0) - (leaf?.notBefore ?? 0)).toBe(HOUR);
    const [authority] = readBundle(await secretText(admin, CA_SECRET, 'tls.crt'));
    expect(authority).toMatchObject({ isAuthority: true, subject: `CN=${release}-webhook-ca` });
    expect(await secretText(admin, TLS_SECRET, 'ca.crt')).toBe(authority?.certificate);
    // Nothing that Helm waits for tells that the CA injector has got to it.
    await vi.waitFor(
      async () => {
        expect(await trusted()).toEqual([authority?.certificate]);
      },
      { timeout: 60_000, interval: 500 },
    );
  },
  MINUTES,
);

test(
  'a grant becomes active, and its pod runs',
  async () => {
    work = await enforcedNamespace(admin);
    await vi.waitFor(
      async () => {
        const grants = [aGrantManifest(work, 'lasting', { duration: '1h' }), aGrantManifest(work, 'once')];
        expect((await apply(...grants)).stderr).toBe('');
      },
      { timeout: 60_000, interval: 1000 },
    );
    await untilPhase(admin, { namespace: work, name: 'lasting' }, 'Active');
    await untilPhase(admin, { namespace: work, name: 'once' }, 'Active');
    await admin.create(pods, aPodManifest(work, 'runs', 'once', 'kubectl get configmap input'));
    await until(
      admin,
      pods,
      { namespace: work, name: 'runs' },
      'Succeeded',
      (pod) => pod?.status?.phase === 'Succeeded',
    );
  },
  MINUTES,
);

test('the controller may neither read the certificate nor change the webhook configurations', async () => {
  const controller = `${release}-controller`;
  expect(await may(controller, 'get', `leases/${controller}`, '--namespace', namespace)).toBe(true);
  for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'])
    for (const { name } of [TLS_SECRET, CA_SECRET])
      expect(
        await may(controller, verb, `secrets/${name}`, '--namespace', namespace),
        `${verb} ${name}`,
      ).toBe(false);
  for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
    for (const verb of ['create', 'update', 'patch', 'delete'])
      expect(await may(controller, verb, `${kind}.admissionregistration.k8s.io/${release}`), kind).toBe(
        false,
      );
});

test(
  'the certificate is renewed again and again, and nothing is refused',
  async () => {
    const asking = startAsking();
    for (let round = 0; round < 3; round++) {
      await renew(TLS_SECRET, 'webhook');
      await untilServed(admin);
    }
    await connectAnew();
    expect(await asking.stop()).toEqual([]);
  },
  MINUTES,
);

test(
  'the CA is renewed, its key stays, and nothing is refused: not even while nobody puts it into the configurations',
  async () => {
    const [before, key] = [await trusted(), await secretText(admin, CA_SECRET, 'tls.key')];
    const asking = startAsking();
    await scaleInjector(0);
    await renew(CA_SECRET, 'ca');
    await renew(TLS_SECRET, 'webhook');
    await untilServed(admin);
    await connectAnew();
    expect(await secretText(admin, CA_SECRET, 'tls.key')).toBe(key);
    const authority = await secretText(admin, CA_SECRET, 'tls.crt');
    expect(await secretText(admin, TLS_SECRET, 'ca.crt')).toBe(authority);
    expect(await trusted()).toEqual(before);

    await scaleInjector(1);
    await vi.waitFor(
      async () => {
        expect(await trusted()).toEqual([[...before, authority].join('')]);
      },
      // Where the injector before it could not give its lease back, this one waits for a minute until that has run out.
      { timeout: 120_000, interval: 500 },
    );
    await connectAnew();
    expect(await asking.stop()).toEqual([]);
  },
  MINUTES,
);

test(
  'the controller takes over, and nothing is refused',
  async () => {
    const asking = startAsking();
    await helm('Helm 4', 'upgrade', ...inRelease, chart, '--reset-values', '--wait', '--timeout', '3m');
    await vi.waitFor(
      async () => {
        expect(await secretText(admin, CA_SECRET, 'ca.key')).not.toBe('');
        const authority = await secretText(admin, CA_SECRET, 'ca.crt');
        expect(await secretText(admin, TLS_SECRET, 'ca.crt')).toBe(authority);
      },
      // Another controller leads from now on, and its CA signs nothing before the overlap is over.
      { timeout: 120_000, interval: 500 },
    );
    await untilServed(admin);
    await connectAnew();
    expect(await asking.stop()).toEqual([]);
    expect(await listAll(admin, certificates, { namespace })).toEqual([]);
    expect((await admin.get(taskGrants, { namespace: work, name: 'lasting' })).status?.phase).toBe('Active');
  },
  MINUTES,
);

test(
  'cert-manager takes over again: what is served stays until it is renewed, and nothing is refused',
  async () => {
    const [before, leaf] = [await trusted(), await secretText(admin, TLS_SECRET, 'tls.crt')];
    const asking = startAsking();
    await helm('Helm 4', 'upgrade', ...inRelease, chart, ...WITH, '--wait', '--timeout', '3m');
    await connectAnew();
    expect(await asking.stop()).toEqual([]);
    expect(await secretText(admin, TLS_SECRET, 'tls.crt')).toBe(leaf);

    await renew(TLS_SECRET, 'webhook');
    const authority = await secretText(admin, CA_SECRET, 'tls.crt');
    expect(await secretText(admin, TLS_SECRET, 'ca.crt')).toBe(authority);
    await vi.waitFor(
      async () => {
        expect(await trusted()).toEqual([[...before, authority].join('')]);
      },
      { timeout: 60_000, interval: 500 },
    );
    await untilServed(admin);
    const askingAgain = startAsking();
    await connectAnew();
    expect(await askingAgain.stop()).toEqual([]);
    expect((await admin.get(taskGrants, { namespace: work, name: 'lasting' })).status?.phase).toBe('Active');
  },
  MINUTES,
);

test(
  'an uninstall as the chart’s README says leaves nothing',
  async () => {
    await kubectl('delete', 'certificate', '--namespace', namespace, '--selector', ofRelease);
    await helm('Helm 4', 'uninstall', ...inRelease, '--wait', '--timeout', '4m');
    await admin.remove(namespaces, { name: work });
    await vi.waitFor(
      async () => {
        expect(await everythingLabelled(ofRelease)).toEqual([]);
        for (const kind of ['secrets', 'certificates', 'certificaterequests', 'issuers'])
          expect(await kubectl('get', kind, '--namespace', namespace, '--output', 'name'), kind).toBe('');
      },
      // Pods have some forty seconds for their end, and their node a machine that is busy.
      { timeout: 120_000, interval: 1000 },
    );
  },
  MINUTES,
);

/** The CAs in the webhook configurations: each different bundle once. */
async function trusted(): Promise<string[]> {
  const found = (await bundles(admin)).map((bundle) => Buffer.from(bundle ?? '', 'base64').toString());
  return [...new Set(found)];
}

/** Pods and grants are asked for, all of which every webhook of ours has to admit. @returns what was refused, once it is stopped */
function startAsking() {
  const grant = aGrantManifest(work, 'asked') as TaskGrant;
  const pod = aPodManifest(work, 'asked', 'lasting', 'true');
  const asking = [
    askMeanwhile(() => admin.create(pods, pod, { dryRun: true }), 4),
    askMeanwhile(() => admin.create(taskGrants, grant, { dryRun: true }), 2),
  ];
  return {
    async stop(): Promise<unknown[]> {
      const outcomes = await Promise.all(asking.map((one) => one.stop()));
      for (const { admitted } of outcomes) expect(admitted).toBeGreaterThan(10);
      return outcomes.flatMap(({ refusals }) => refusals);
    },
  };
}

/** Has a Certificate issued anew, as `cmctl renew` does, and returns when it is. */
async function renew(secret: typeof TLS_SECRET, name: 'webhook' | 'ca'): Promise<void> {
  const place = { namespace, name: `${release}-${name}` };
  const before = await secretText(admin, secret, 'tls.crt');
  const { status } = await admin.get(certificates, place);
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'Issuing');
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: new Date().toISOString(),
  };
  await admin.patch(
    certificates,
    { ...place, subresource: 'status' },
    { type: 'merge', body: { status: { conditions: [...others, issuing] } } },
  );
  await until(
    admin,
    secrets,
    secret,
    'renewed',
    (found) => Buffer.from(found?.data?.['tls.crt'] ?? '', 'base64').toString() !== before,
  );
  // It says so a moment later than the Secret is written. What is asked for before that is taken for the same.
  await until(
    admin,
    certificates,
    place,
    'issued',
    (found) =>
      !(found?.status?.conditions ?? []).some(({ type, status }) => type === 'Issuing' && status === 'True'),
  );
}

/** Open connections outlive every certificate. With new replicas the API server opens new ones. */
async function connectAnew(): Promise<void> {
  const webhook = `deployment/${release}-webhook`;
  await kubectl('rollout', 'restart', webhook, '--namespace', namespace);
  await kubectl('rollout', 'status', webhook, '--namespace', namespace, '--timeout=300s');
}
