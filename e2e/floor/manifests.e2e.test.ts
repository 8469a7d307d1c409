/**
 * `taskgrant manifests`: the floor as files that the API server reads at its start (KEP-5793), on a cluster of this test's own. Nothing
 * of the product is installed there, and no API request can take the floor away.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { createAuthority } from '../../src/kube/certificate-authority.ts';
import type { Cluster } from '../cluster/driver.ts';
import { defaultKubernetes } from '../cluster/programs.ts';
import { must, type Outcome } from '../cluster/process.ts';
import { describeLocal, quietCluster } from '../cluster/testing.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ACCOUNT = 'taskgrant-x-bcdfghjk';

describeLocal(`the floor as files for the API server of Kubernetes ${defaultKubernetes}`, () => {
  const cluster: Cluster = quietCluster('test-floor');
  let directory: string;

  const kubectl = (args: readonly string[], object?: object): Promise<Outcome> =>
    cluster.run(['kubectl', ...args], object ? { input: JSON.stringify(object) } : {});
  const create = (object: object) => kubectl(['create', '--filename', '-'], object);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'taskgrant-floor-'));
    const manifests = join(directory, 'manifests');
    await must(['mkdir', manifests]);
    const printed = await must([process.execPath, main, 'manifests', '--namespace', 'taskgrant-system']);
    await writeFile(join(manifests, 'floor.yaml'), printed);
    const configuration = join(directory, 'admission.yaml');
    const apiVersion = 'apiserver.config.k8s.io/v1';
    await writeFile(
      configuration,
      stringify({
        apiVersion,
        kind: 'AdmissionConfiguration',
        plugins: [
          {
            name: 'ValidatingAdmissionPolicy',
            configuration: {
              apiVersion,
              kind: 'ValidatingAdmissionPolicyConfiguration',
              staticManifestsDir: manifests,
            },
          },
        ],
      }),
    );
    // One that an earlier run has left has other files.
    await cluster.down();
    await cluster.up({ apiServerArgs: [`--admission-control-config-file=${configuration}`] });
  });

  afterAll(async () => {
    await cluster.down();
    await rm(directory, { recursive: true, force: true });
  });

  test('nobody makes an account, a Role, a binding or a token that could be taken for a grant’s', async () => {
    const rbac = 'rbac.authorization.k8s.io/v1';
    const metadata = { namespace: 'default', name: 'taskgrant:default:x' };
    const subject = { kind: 'ServiceAccount', namespace: 'default', name: ACCOUNT };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    const refused: Record<string, object> = {
      accounts: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, name: ACCOUNT } },
      roles: { apiVersion: rbac, kind: 'Role', metadata, rules: [] },
      bindings: { apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef, subjects: [] },
      subjects: {
        apiVersion: rbac,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'x' },
        roleRef,
        subjects: [subject],
      },
      'token-secrets': {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: {
          namespace: 'default',
          name: 'x',
          annotations: { 'kubernetes.io/service-account.name': ACCOUNT },
        },
      },
    };
    for (const [policy, object] of Object.entries(refused)) {
      const { code, stderr } = await create(object);
      expect(stderr).toContain(`TaskGrant’s policy ${policy}`);
      expect(code).toBe(1);
    }
  });

  test('no API request sees a policy of it, removes one, or makes one of such a name', async () => {
    const kinds = 'validatingadmissionpolicies,validatingadmissionpolicybindings';
    expect((await kubectl(['get', kinds, '--output', 'name'])).stdout).toBe('');
    const name = 'taskgrant-accounts.static.k8s.io';
    const removed = await kubectl(['delete', 'validatingadmissionpolicy', name]);
    expect(removed.stderr).toContain('NotFound');
    const made = await create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Audit'] },
    });
    expect(made.code).toBe(1);
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name: ACCOUNT },
    };
    expect((await create(account)).stderr).toContain('TaskGrant’s policy accounts');
  });

  test('whoever has the controller’s token leads the API server’s calls nowhere else, whatever somebody has bound to it', async () => {
    const user = 'system:serviceaccount:taskgrant-system:taskgrant-controller';
    await kubectl([
      'create',
      'clusterrolebinding',
      'stolen',
      '--clusterrole=cluster-admin',
      `--user=${user}`,
    ]);
    // The authorizer hears of it a moment later, and refuses in other words until then.
    await vi.waitFor(
      async () => {
        const asked = await kubectl([
          'auth',
          'can-i',
          'patch',
          'validatingwebhookconfigurations',
          `--as=${user}`,
        ]);
        expect(asked.stdout).toContain('yes');
      },
      { timeout: 60_000, interval: 200 },
    );
    const made = await create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'taskgrant' },
      webhooks: [
        {
          name: 'pods.taskgrant.dev',
          clientConfig: { service: { namespace: 'taskgrant-system', name: 'taskgrant-webhook', path: '/x' } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          // Nothing of this cluster is asked about.
          rules: [
            { operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['none'] },
          ],
        },
      ],
    });
    expect(made.stderr).toBe('');
    const patch = (operations: readonly object[]) =>
      kubectl([
        ...['patch', 'validatingwebhookconfiguration', 'taskgrant', '--type=json', `--as=${user}`],
        `--patch=${JSON.stringify(operations)}`,
      ]);
    const thefts: readonly (readonly object[])[] = [
      [
        { op: 'remove', path: '/webhooks/0/clientConfig/service' },
        { op: 'add', path: '/webhooks/0/clientConfig/url', value: 'https://elsewhere.example/' },
      ],
      [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
      [{ op: 'replace', path: '/webhooks/0/rules/0/resources', value: ['*'] }],
      [{ op: 'remove', path: '/webhooks/0' }],
    ];
    for (const theft of thefts)
      expect((await patch(theft)).stderr).toContain('TaskGrant’s policy controller');
    const { certificate } = await createAuthority('another', {
      notBefore: Date.now(),
      notAfter: Date.now() + 3_600_000,
    });
    const value = Buffer.from(certificate).toString('base64');
    const renewed = await patch([{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value }]);
    expect(renewed.stderr).toBe('');
  });

  test('everything else is as ever', async () => {
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name: 'a' },
    };
    expect((await create(account)).code).toBe(0);
    expect((await kubectl(['create', 'token', 'a'])).code).toBe(0);
  });
});
