/**
 * The second floor of admission: the same two calls, to a webhook that says yes. What it adds, no webhook in Node does
 * without on this machine; what the product adds beyond is the product's.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createAuthority, createLeaf } from '../../src/kube/certificate-authority.ts';
import { until } from '../cluster/until.ts';
import type { ApiServer } from './api-server.ts';
import { PATHS, type Said } from './bare-webhook-protocol.ts';
import { BARE_NAMESPACE } from './namespaces.ts';
import { dryRunPod } from './pods.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';
const KINDS = ['mutating', 'validating'] as const;
const NAME = 'taskgrant-bench-bare';

const DAY_MS = 86_400_000;
/** The API server's clock is this machine's, but a certificate's times are whole seconds. */
const BEFORE_MS = 60_000;

export interface BareWebhook {
  stop(): Promise<void>;
}

/**
 * Asked about the creation of pods in BARE_NAMESPACE, from when this resolves. It listens on this machine's loopback
 * interface, so the API server has to be on this machine as well.
 *
 * @throws Error where the API server does not reach it
 */
export async function startBareWebhook(api: ApiServer): Promise<BareWebhook> {
  const now = Date.now();
  const validity = { notBefore: now - BEFORE_MS, notAfter: now + DAY_MS };
  const authority = await createAuthority(NAME, validity);
  const server = fork(fileURLToPath(new URL('bare-webhook-server.ts', import.meta.url)));
  const asked = new Set<string>();
  const listening = Promise.withResolvers<number>();
  server.on('message', (said: Said) => {
    if ('port' in said) listening.resolve(said.port);
    else asked.add(said.asked);
  });
  server.once('exit', (code) => {
    listening.reject(new Error(`the bare webhook ended with ${code} before it listened`));
  });
  server.send(await createLeaf(authority, ['localhost'], validity));
  const port = await listening.promise;

  const remove = async (): Promise<void> => {
    for (const kind of KINDS) await api.send('DELETE', `${pathOf(kind)}/${NAME}`);
  };
  // What a run that was cut off has left.
  await remove();
  for (const kind of KINDS) {
    const webhook = {
      name: 'pods.bench.taskgrant.dev',
      clientConfig: {
        url: `https://localhost:${port}${PATHS[kind]}`,
        caBundle: Buffer.from(authority.certificate).toString('base64'),
      },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': BARE_NAMESPACE } },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    };
    await api.must('POST', pathOf(kind), { metadata: { name: NAME }, webhooks: [webhook] });
  }
  await until('the API server asks the bare webhook', 30, async () => {
    await dryRunPod(api, { namespace: BARE_NAMESPACE, name: 'pod' }, undefined);
    return asked.size === KINDS.length;
  });
  return {
    async stop() {
      await remove();
      const exited = once(server, 'exit');
      server.disconnect();
      await exited;
    },
  };
}

function pathOf(kind: (typeof KINDS)[number]): string {
  return `${CONFIGURATIONS}/${kind}webhookconfigurations`;
}
