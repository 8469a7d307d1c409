/** What the kubelet and Prometheus ask a process of ours: /livez, /readyz and /metrics, over plain HTTP. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServer {
  /** The port that it listens on. */
  port: number;
  close(): Promise<void>;
}

export interface HealthOptions {
  /** 0 takes any free port. */
  port: number;
  registry: Registry;
  /** What is wrong, in words; undefined when nothing is. */
  notLive: () => string | undefined;
  notReady: () => string | undefined;
}

/** @throws where the port is taken. */
export async function serveHealth({
  port,
  registry,
  notLive,
  notReady,
}: HealthOptions): Promise<HealthServer> {
  const checks: Record<string, () => string | undefined> = { '/livez': notLive, '/readyz': notReady };
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const check = checks[path];
    if (check) {
      const problem = check();
      response.writeHead(problem === undefined ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(`${problem ?? 'ok'}\n`);
    } else if (path === '/metrics') {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else {
      response
        .writeHead(404, { 'content-type': 'text/plain' })
        .end('/livez, /readyz and /metrics are here\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
