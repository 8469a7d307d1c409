/**
 * The second floor of admission: the same two calls, to a webhook that says yes. What it adds, no webhook in Node does
 * without on this machine; what the product adds beyond is the product's.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../cluster/until.ts';
import type { ApiServer } from './api-server.ts';
import { CPU_TIME, PATHS, type Said } from './bare-webhook-protocol.ts';
import { BARE_NAMESPACE } from './namespaces.ts';
import { dryRunPod } from './pods.ts';
import { createServingPair } from './serving-pair.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';
const KINDS = ['mutating', 'validating'] as const;
const NAME = 'taskgrant-bench-bare';

/** A process that listens on this machine's loopback interface. */
export interface BareProcess {
  readonly port: number;
  /** Whom a client has to trust: PEM. */
  readonly authority: string;
  /** The paths at which it was asked so far. */
  readonly asked: ReadonlySet<string>;
  /** CPU time since it began, in seconds. */
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

/** @throws Error where it ends before it listens */
export async function forkBareWebhook(): Promise<BareProcess> {
  const { authority, pair } = await createServingPair();
  const server = fork(fileURLToPath(new URL('bare-webhook-server.ts', import.meta.url)));
  const asked = new Set<string>();
  const listening = Promise.withResolvers<number>();
  let waiting: ((seconds: number) => void) | undefined;
  server.on('message', (said: Said) => {
    if ('port' in said) listening.resolve(said.port);
    else if ('asked' in said) asked.add(said.asked);
    else waiting?.(said.cpuSeconds);
  });
  server.once('exit', (code) => {
    listening.reject(new Error(`the bare webhook ended with ${code} before it listened`));
  });
  server.send(pair);
  return {
    port: await listening.promise,
    authority,
    asked,
    cpuSeconds: () =>
      new Promise((resolve) => {
        waiting = resolve;
        server.send(CPU_TIME);
      }),
    async stop() {
      const exited = once(server, 'exit');
      server.disconnect();
      await exited;
    },
  };
}

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
  const server = await forkBareWebhook();
  const remove = async (): Promise<void> => {
    for (const kind of KINDS) await api.send('DELETE', `${pathOf(kind)}/${NAME}`);
  };
  // What a run that was cut off has left.
  await remove();
  for (const kind of KINDS) {
    const webhook = {
      name: 'pods.bench.taskgrant.dev',
      clientConfig: {
        url: `https://localhost:${server.port}${PATHS[kind]}`,
        caBundle: Buffer.from(server.authority).toString('base64'),
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
    return server.asked.size === KINDS.length;
  });
  return {
    async stop() {
      await remove();
      await server.stop();
    },
  };
}

function pathOf(kind: (typeof KINDS)[number]): string {
  return `${CONFIGURATIONS}/${kind}webhookconfigurations`;
}
