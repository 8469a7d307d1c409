/** Install, upgrade, rollback and uninstall, with each helm, on a cluster with an active grant in it. Each test goes on where the last ended. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { customResourceDefinition, KINDS } from '../../src/api/crd.ts';
import { FINALIZER, GRANT_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../../src/api/group.ts';
import { creationHasStopped } from '../../src/controller/drain.ts';
import { CRD_FIELD_MANAGER } from '../../src/controller/install-crds.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  customResourceDefinitions,
  events,
  mutatingWebhookConfigurations,
  namespaces,
  pods,
  secrets,
  taskGrants,
  validatingWebhookConfigurations,
} from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  applyCrds,
  chart,
  createReleaseNamespace,
  everythingLabelled,
  helm,
  helmVersions,
  kubectl,
  kubectlApply,
  namespace,
  ofRelease,
  probeNamespace,
  release,
} from './release.ts';

const admin = testClient(clusterKubeConfig());
afterAll(() => admin.close());

/** Helm waits for pods to be ready, which on two cores takes them a while when all start at once. */
const MINUTES = 6 * 60_000;
const crd = { name: 'taskgrants.taskgrant.dev' };
const ofGrants = `${MANAGED_BY_LABEL}=${MANAGED_BY},${GRANT_LABEL}`;

describe.each(helmVersions)('with %s', (version) => {
  const inRelease = [release, '--namespace', namespace] as const;
  const work = `chart-${version.replace(' ', '-').toLowerCase()}`;
  const grant = { namespace: work, name: 'lasting' };
  /** What was told before is of the round before, which has been uninstalled. */
  let began: string;
  let asInstalled: Awaited<ReturnType<typeof whatTheControllerWrote>>;

  beforeAll(async () => {
    began = new Date().toISOString();
    await createReleaseNamespace();
    await applyCrds();
  });

  afterAll(async () => {
    await kubectl('delete', 'namespace', namespace, work, '--ignore-not-found');
  }, MINUTES);

  test(
    'it installs where an older release has left its CRDs, and brings them up to date',
    async () => {
      await outdateCrd();
      await helm(version, 'install', ...inRelease, chart, '--wait', '--timeout', '3m');
      expect(await hasColumns()).toBe(true);
      // The garbage collector removes a Job's pod after the Job.
      await vi.waitFor(
        async () => {
          expect(await everythingLabelled(`${ofRelease},app.kubernetes.io/component=hook`)).toEqual([
            `NetworkPolicy/${namespace}/${release}-hooks`,
          ]);
        },
        { timeout: 60_000, interval: 1000 },
      );
    },
    MINUTES,
  );

  test(
    'a grant becomes active, and its pod runs',
    async () => {
      // A pod waits for its grant for seconds, which may be too few on a machine that is busy.
      await vi.waitFor(() => kubectlApply(manifestOf(work)), { timeout: 60_000, interval: 1000 });
      await kubectl(
        'wait',
        '--namespace',
        work,
        'taskgrant/lasting',
        '--for=jsonpath={.status.phase}=Active',
        '--timeout=60s',
      );
      await kubectl('wait', '--namespace', work, 'pod/lasting', '--for=condition=Ready', '--timeout=60s');
      asInstalled = await whatTheControllerWrote();
      for (const [what, written] of Object.entries(asInstalled)) expect(written, what).toBeTruthy();
    },
    MINUTES,
  );

  test(
    'an upgrade brings CRDs up to date, and leaves keys, CA bundles and active grants alone',
    async () => {
      await outdateCrd();
      await helm(
        version,
        'upgrade',
        ...inRelease,
        chart,
        '--set',
        'logLevel=debug',
        '--wait',
        '--timeout',
        '3m',
      );
      expect(await hasColumns()).toBe(true);
      expect(await whatTheControllerWrote()).toEqual(asInstalled);
      expect((await admin.get(taskGrants, grant)).status?.phase).toBe('Active');
      expect((await admin.get(pods, grant)).status?.phase).toBe('Running');
    },
    MINUTES,
  );

  test(
    'a rollback does too',
    async () => {
      await helm(version, 'rollback', ...inRelease, '1', '--wait', '--timeout', '3m');
      expect(await whatTheControllerWrote()).toEqual(asInstalled);
      expect((await admin.get(taskGrants, grant)).status?.phase).toBe('Active');
    },
    MINUTES,
  );

  test('neither was taken for tampering', async () => {
    const said = await listAll(admin, events, { namespace: 'default' });
    const since = said.filter(({ reason, eventTime }) => reason === 'Tampered' && eventTime > began);
    expect(since.map(({ regarding, note }) => `${regarding?.kind ?? ''}: ${note ?? ''}`)).toEqual([]);
  });

  test(
    'what a forced replacement wipes comes back, and grants stay active',
    async () => {
      const force = version === 'Helm 4' ? ['--server-side=false', '--force-replace'] : ['--force'];
      // The controller writes what was wiped from one object while Helm reads the next before it replaces it: where the two meet,
      // Helm says that it has to be done again.
      await vi.waitFor(() => helm(version, 'upgrade', ...inRelease, chart, ...force, '--timeout', '3m'), {
        timeout: 180_000,
        interval: 1000,
      });
      await vi.waitFor(
        async () => {
          for (const [what, written] of Object.entries(await whatTheControllerWrote()))
            expect(written, what).toBeTruthy();
          await kubectlApply(manifestOf(work).replaceAll('lasting', 'later'));
        },
        { timeout: 60_000, interval: 1000 },
      );
      await kubectl('wait', '--namespace', work, 'pod/later', '--for=condition=Ready', '--timeout=60s');
      expect((await admin.get(taskGrants, grant)).status?.phase).toBe('Active');
    },
    MINUTES,
  );

  test('a class of one’s own is made as examples/class.yaml says', async () => {
    const example = fileURLToPath(new URL('../../examples/class.yaml', import.meta.url));
    await kubectl('apply', '--filename', example);
    await kubectl('wait', 'taskgrantclass/deployers', '--for=condition=Accepted', '--timeout=60s');
    await kubectl('delete', '--filename', example);
  });

  test('that the drain may not use a class is not taken for the end of new grants', async () => {
    await kubectlApply(mayCreateGrants(work, 'drainer'));
    // Until its rights are in force it is refused for want of them, which tells nothing of the class.
    const asked = ['can-i', 'create', 'taskgrants.taskgrant.dev', '--namespace', work, '--as=drainer'];
    await vi.waitFor(() => kubectl('auth', ...asked), { timeout: 60_000, interval: 200 });
    const drainer = admin.as({ username: 'drainer' });
    expect(await creationHasStopped(drainer, work, AbortSignal.timeout(30_000))).toBe(false);
  });

  test(
    'an uninstall revokes what is active, and the receipt says so',
    async () => {
      const before = await admin.get(taskGrants, grant);
      await helm(version, 'uninstall', ...inRelease, '--wait', '--timeout', '4m');
      const { metadata, status } = await admin.get(taskGrants, grant);
      expect(status?.phase).toBe('Revoked');
      expect(status?.revocation).toMatchObject({
        reason: 'Revoked',
        verifiedAt: expect.any(String) as string,
      });
      expect(metadata.finalizers ?? []).not.toContain(FINALIZER);
      expect(status?.serviceAccountName).toBe(before.status?.serviceAccountName);
    },
    MINUTES,
  );

  test(
    'nothing is left: no account, Role or binding of a grant, and no object of the release',
    async () => {
      expect(await everythingLabelled(ofGrants)).toEqual([]);
      await vi.waitFor(
        async () => {
          expect(await everythingLabelled(ofRelease)).toEqual([]);
          await expect(admin.get(namespaces, { name: probeNamespace })).rejects.toSatisfy(isNotFound);
        },
        // Pods have some forty seconds for their end, and their node a machine that is busy.
        { timeout: 120_000, interval: 1000 },
      );
    },
    MINUTES,
  );

  test('a TaskGrant that is left can be deleted', async () => {
    await kubectl('delete', '--namespace', work, 'taskgrant/lasting', '--timeout=60s');
  });

  /** All that is not Helm's: what must be there after an upgrade as it was before. */
  async function whatTheControllerWrote() {
    const [mutating, validating, ca, certificate] = await Promise.all([
      admin.get(mutatingWebhookConfigurations, { name: release }),
      admin.get(validatingWebhookConfigurations, { name: release }),
      admin.get(secrets, { namespace, name: `${release}-ca` }),
      admin.get(secrets, { namespace, name: `${release}-webhook-tls` }),
    ]);
    const bundles = [...(mutating.webhooks ?? []), ...(validating.webhooks ?? [])].map(
      ({ name, clientConfig }) => [name, clientConfig.caBundle],
    );
    return {
      ...Object.fromEntries(bundles.map(([name, bundle], index) => [`${String(name)} ${index}`, bundle])),
      ca: ca.data,
      certificate: certificate.data,
    };
  }
});

/** Leaves the CRD as an older release would have: without the columns of this one, by the hand of its Job. */
async function outdateCrd(): Promise<void> {
  const kind = KINDS.find(({ plural }) => crd.name.startsWith(`${plural}.`));
  if (!kind) throw new Error(`${crd.name} is no CRD of the product`);
  const body = customResourceDefinition({ ...kind, columns: [] });
  const options = { fieldManager: CRD_FIELD_MANAGER };
  await admin.patch(customResourceDefinitions, crd, { type: 'apply', body, force: true }, options);
}

async function hasColumns(): Promise<boolean> {
  const { spec } = await admin.get(customResourceDefinitions, crd);
  return spec.versions[0]?.additionalPrinterColumns?.some(({ name }) => name === 'Intent') ?? false;
}

/** What the chart gives the drain's own account in the probe namespace. */
function mayCreateGrants(namespaceName: string, user: string): string {
  return `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: ${user}, namespace: ${namespaceName}}
rules: [{apiGroups: [taskgrant.dev], resources: [taskgrants], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${user}, namespace: ${namespaceName}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${user}}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ${user}}]
`;
}

/** A grant, and a pod under it that runs until it is ended. */
function manifestOf(work: string): string {
  const restricted = '{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}';
  return `
apiVersion: v1
kind: Namespace
metadata: {name: ${work}, labels: {taskgrant.dev/enforce: granted, pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: taskgrant.dev/v1alpha1
kind: TaskGrant
metadata: {name: lasting, namespace: ${work}}
spec:
  task: {intent: Be active while the chart is upgraded and uninstalled}
  workload: {images: [localhost/taskgrant-task:1]}
  envelope:
    kubernetes: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]
    tokens: [{name: api}]
  duration: 30m
---
apiVersion: v1
kind: Pod
metadata: {name: lasting, namespace: ${work}, labels: {taskgrant.dev/grant: lasting}}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - {name: task, image: 'localhost/taskgrant-task:1', imagePullPolicy: IfNotPresent, args: [-c, sleep 3600], securityContext: ${restricted}}
`;
}
