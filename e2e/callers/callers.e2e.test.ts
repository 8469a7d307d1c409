/**
 * The webhook where the API server has a client certificate for it (kubeConfigFile of its AdmissionConfiguration), on a cluster of this
 * test's own: the API server is answered, and nobody else is.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { createAuthority } from '../../src/kube/certificate-authority.ts';
import { createClientCertificate } from '../../src/kube/testing.ts';
import type { Cluster } from '../cluster/driver.ts';
import { defaultKubernetes } from '../cluster/programs.ts';
import { createProgress } from '../cluster/progress.ts';
import { describeLocal, quietCluster } from '../cluster/testing.ts';
import { installProduct, NAMESPACE, RELEASE } from '../product/install.ts';

const API_SERVER = 'kube-apiserver-webhooks';
const SERVICE = `${RELEASE}-webhook`;
const MINUTES = 5 * 60_000;

describeLocal(`callers of the webhook on Kubernetes ${defaultKubernetes}`, () => {
  const cluster: Cluster = quietCluster('test-callers');
  let directory: string;
  const fileOf = (name: string) => join(directory, name);

  const kubectl = async (args: readonly string[], input = ''): Promise<string> => {
    const { code, stdout, stderr } = await cluster.run(['kubectl', ...args], { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'taskgrant-callers-'));
    const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 86_400_000 };
    const authority = await createAuthority('control-plane', validity);
    const files: Record<string, string> = { 'ca.crt': authority.certificate };
    for (const name of [API_SERVER, 'somebody-else']) {
      const { certificate, key } = await createClientCertificate(authority, name, validity);
      files[`${name}.crt`] = certificate;
      files[`${name}.key`] = key;
    }
    files['kubeconfig.yaml'] = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      users: [
        {
          name: `${SERVICE}.${NAMESPACE}.svc`,
          user: {
            'client-certificate': fileOf(`${API_SERVER}.crt`),
            'client-key': fileOf(`${API_SERVER}.key`),
          },
        },
      ],
    });
    const apiVersion = 'apiserver.config.k8s.io/v1';
    files['admission.yaml'] = stringify({
      apiVersion,
      kind: 'AdmissionConfiguration',
      plugins: ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'].map((name) => ({
        name,
        configuration: {
          apiVersion,
          kind: 'WebhookAdmissionConfiguration',
          kubeConfigFile: fileOf('kubeconfig.yaml'),
        },
      })),
    });
    for (const [name, content] of Object.entries(files)) await writeFile(fileOf(name), content);
    await cluster.up({ apiServerArgs: [`--admission-control-config-file=${fileOf('admission.yaml')}`] });
    await kubectl(['create', 'namespace', NAMESPACE]);
    await kubectl([
      ...['create', 'configmap', 'control-plane', '--namespace', NAMESPACE],
      `--from-file=ca.crt=${fileOf('ca.crt')}`,
    ]);
    const quiet = createProgress(
      () => undefined,
      () => performance.now(),
    );
    await installProduct(cluster, quiet, [
      'webhook.clientCertificates.configMap=control-plane',
      `webhook.clientCertificates.names[0]=${API_SERVER}`,
    ]);
  }, 2 * MINUTES);

  afterAll(async () => {
    await cluster.down();
    await rm(directory, { recursive: true, force: true });
  }, MINUTES);

  test(
    'the API server is answered: enforcement is proven, a grant becomes active, and its pod gets its identity',
    async () => {
      // A pod waits for its grant for seconds, which may be too few on a machine that is busy.
      await vi.waitFor(() => kubectl(['apply', '--filename', '-'], TASK), {
        timeout: 60_000,
        interval: 1000,
      });
      const inWork = ['--namespace', 'work'];
      await kubectl([
        ...['wait', ...inWork, 'taskgrant/lasting', '--for=jsonpath={.status.phase}=Active', '--timeout=60s'],
      ]);
      await kubectl(['wait', ...inWork, 'pod/lasting', '--for=condition=Ready', '--timeout=60s']);
      const account = await kubectl([
        ...['get', ...inWork, 'pod/lasting', '--output=jsonpath={.spec.serviceAccountName}'],
      ]);
      expect(account).toMatch(/^taskgrant-lasting-/);
    },
    MINUTES,
  );

  test('a stranger in the cluster gets no answer, and somebody else of the same authority is told that alone', async () => {
    expect(await answerTo(undefined)).toMatch(/CERTIFICATE_REQUIRED|ECONNRESET/);
    expect(await answerTo('somebody-else')).toBe('403');
    // Who may call is told what is wrong with the question.
    expect(await answerTo(API_SERVER)).toBe('400');
  });

  /** What somebody hears who sends something to the webhook, from within the cluster's network, with this certificate. */
  async function answerTo(name: string | undefined): Promise<string> {
    const address = await kubectl([
      ...['get', 'pods', '--namespace', NAMESPACE, '--selector=app.kubernetes.io/component=webhook'],
      '--output=jsonpath={.items[0].status.podIP}',
    ]);
    const files = name === undefined ? [] : [fileOf(`${name}.crt`), fileOf(`${name}.key`)];
    const { stdout, stderr } = await cluster.run([process.execPath, '--eval', ASK, address, ...files]);
    expect(stderr).toBe('');
    return stdout.trim();
  }
});

/** Whom it believes is not the point here, but who is believed. */
const ASK = `
const { readFileSync } = require('node:fs');
const [host, cert, key] = process.argv.slice(1);
const request = require('node:https').request(
  {
    host,
    port: 8443,
    method: 'POST',
    path: '/validate/pods',
    headers: { 'content-type': 'application/json' },
    checkServerIdentity: () => undefined,
    rejectUnauthorized: false,
    ...(cert && { cert: readFileSync(cert), key: readFileSync(key) }),
  },
  (response) => {
    console.log(response.statusCode);
    response.resume();
  },
);
request.on('error', ({ code }) => console.log(code));
request.end('{}');
`;

const TASK = `
apiVersion: v1
kind: Namespace
metadata: {name: work, labels: {taskgrant.dev/enforce: granted}}
---
apiVersion: taskgrant.dev/v1alpha1
kind: TaskGrant
metadata: {name: lasting, namespace: work}
spec:
  task: {intent: Be active where only the API server is answered}
  workload: {images: [localhost/taskgrant-task:1]}
  envelope:
    kubernetes: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]
    tokens: [{name: api}]
  duration: 30m
---
apiVersion: v1
kind: Pod
metadata: {name: lasting, namespace: work, labels: {taskgrant.dev/grant: lasting}}
spec:
  restartPolicy: Never
  containers:
    - {name: task, image: 'localhost/taskgrant-task:1', imagePullPolicy: IfNotPresent, args: [-c, sleep 3600]}
`;
