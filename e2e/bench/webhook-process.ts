/**
 * The product's webhook as a process of this machine: the bundle that the image has, with this machine's KUBECONFIG, its caches filled
 * from the cluster and a certificate that the benchmark made. The API server is not told of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BUNDLE } from '../../scripts/bundle.ts';
import type { ApiServer } from './api-server.ts';
import { WEBHOOK_NAMESPACE } from './namespaces.ts';
import { valueOf } from './processes.ts';
import { createServingPair } from './serving-pair.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'serving';
/** kube-apiserver's own default, and that of the clusters of this repository. */
const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';
/** As in the product (src/webhook/run.ts). */
const SERVING = 'serving admission reviews';

export interface WebhookProcess {
  readonly port: number;
  /** Whom a client has to trust: PEM. */
  readonly authority: string;
  /** CPU time since it began, in seconds. */
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

/** Returns when its caches are filled and it serves. @throws Error where it ends before */
export async function startWebhook(api: ApiServer): Promise<WebhookProcess> {
  const { authority, pair } = await createServingPair(`taskgrant-webhook.${WEBHOOK_NAMESPACE}.svc`);
  await keepPair(api, pair.certificate, pair.key);
  const metricsPort = await freePort();
  const child = spawn(
    process.execPath,
    [
      ...[BUNDLE, 'webhook', '--namespace', WEBHOOK_NAMESPACE, '--tls-secret', SECRET],
      ...['--port', '0', '--metrics-port', String(metricsPort), '--api-audience', API_AUDIENCE],
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const serving = Promise.withResolvers<number>();
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (said.length < 20) said.push(line);
    const { msg, port } = JSON.parse(line) as { msg?: string; port?: number };
    if (msg === SERVING && port !== undefined) serving.resolve(port);
  });
  child.once('error', serving.reject);
  child.once('exit', (code) => {
    serving.reject(new Error(`the webhook ended with ${code} before it served:\n${said.join('\n')}`));
  });
  return {
    port: await serving.promise,
    authority,
    async cpuSeconds() {
      const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
      const seconds = valueOf(await response.text(), 'process_cpu_seconds_total');
      if (seconds === undefined) throw new Error('the webhook does not say how much CPU time it has had');
      return seconds;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function keepPair(api: ApiServer, certificate: string, key: string): Promise<void> {
  const path = `/api/v1/namespaces/${WEBHOOK_NAMESPACE}/secrets`;
  await api.send('DELETE', `${path}/${SECRET}`);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  await api.must('POST', path, {
    metadata: { name: SECRET },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
