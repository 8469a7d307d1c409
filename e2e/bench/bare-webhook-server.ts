/**
 * The least that a webhook in Node can be: HTTPS, JSON in and out, yes to everything, and an annotation where it may
 * change something. A process of its own, as the product's are: forked with its key pair as a message, it answers with
 * its port, says of each path when it is asked there for the first time, and how much CPU time it has had when that is asked.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { KeyPair } from '../../src/kube/certificate-authority.ts';
import { CPU_TIME, PATHS, type Said } from './bare-webhook-protocol.ts';

/** As the product: longer than the API server's client keeps idle connections. */
const KEEP_ALIVE_MS = 95_000;

const annotation = [{ op: 'add', path: '/metadata/annotations', value: { 'taskgrant.dev/benchmark': '' } }];
const change = {
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(annotation)).toString('base64'),
};

const say = (what: Said): void => {
  process.send?.(what);
};
const known = new Set<string>();

function serve({ certificate, key }: KeyPair): void {
  const options = { cert: certificate, key, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createServer(options, (request, response) => {
    void json(request).then((body) => {
      const { uid } = (body as { request: { uid: string } }).request;
      const path = request.url?.split('?')[0] ?? '';
      const answer = { uid, allowed: true, ...(path === PATHS.mutating && change) };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
      );
      if (known.has(path)) return;
      known.add(path);
      say({ asked: path });
    });
  });
  server.listen(0, '127.0.0.1', () => {
    say({ port: (server.address() as AddressInfo).port });
  });
}

process.once('message', (pair: KeyPair) => {
  serve(pair);
  process.on('message', (message) => {
    if (message !== CPU_TIME) return;
    const { user, system } = process.cpuUsage();
    say({ cpuSeconds: (user + system) / 1e6 });
  });
});
// With whoever forked it.
process.once('disconnect', () => {
  process.exit();
});
