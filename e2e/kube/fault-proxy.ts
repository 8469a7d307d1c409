import { once } from 'node:events';
import { Agent, createServer, request as requestUpstream } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { describeRequest } from './proxied-request.ts';
import type { ProxiedRequest } from './proxied-request.ts';
import { createServerCertificate } from './proxy-certificate.ts';

/** How a connection is broken off: with a TCP reset, or by closing it in good order at the wrong moment. */
export type Break = 'reset' | 'close';

/** What happens to one request. Nothing said, it passes. */
export interface Verdict {
  /** Wait so long, in milliseconds, before anything else. */
  delayMs?: number;
  /** Answer this in the API server's stead, which hears nothing of the request. */
  answer?: { status: number; headers?: Record<string, string>; body?: object | string };
  /** Forward this path and query instead. */
  forwardAs?: string;
  /** Break the connection off before the request is forwarded. */
  drop?: Break;
  /**
   * Called when the API server has answered and the client has not heard of it yet: what was asked is done. This is
   * where a test kills the process that asked.
   */
  afterAnswer?: (status: number) => void | Promise<void>;
  /** Break the connection off after the API server has answered, in the stead of passing the answer on. */
  dropAnswer?: Break;
  /** Pass only so many bytes of the answer's body on, then break the connection off: half a line, half a list. */
  cutAfterBytes?: number;
  /** How `cutAfterBytes` breaks off. Default: `reset`. */
  cut?: Break;
  /** For watches: what is passed on for each line of the answer; nothing withholds it, the same twice duplicates it. */
  rewriteLine?: (line: string) => string[];
}

export interface FaultProxyOptions {
  /** The way to the real API server. */
  kubeConfig: KubeConfig;
  /**
   * Decides what happens to each request before it is forwarded; may take its time, and may act (kill a process, write
   * something) before and after: this is the hook by which a test stands between any two requests of a client.
   */
  onRequest?: (request: ProxiedRequest) => Verdict | undefined | Promise<Verdict | undefined>;
  /** Where to listen. Default: 127.0.0.1. */
  host?: string;
}

/** What came, and what became of it. */
export interface RequestRecord {
  request: ProxiedRequest;
  /** When it came, by `performance.now()`. */
  at: number;
  /** The status that the client was sent; undefined while there is none, and where the connection was broken off. */
  status?: number;
}

/**
 * An HTTPS proxy between clients and the API server, which breaks what it is told to break. Clients that send a bearer
 * token are forwarded with it; all others are the user of the upstream kubeconfig.
 */
export interface FaultProxy {
  readonly url: string;
  /** For clients in this process. */
  readonly kubeConfig: KubeConfig;
  /** For clients in another: the content of a kubeconfig file. With a token of its own, or with none. */
  kubeconfig(token?: string): string;
  /** Every request since the start, in order of arrival. */
  readonly requests: readonly RequestRecord[];
  /** How many connections clients have open. */
  connections(): number;
  /** Replaces `onRequest`; without an argument everything passes from now on. */
  setOnRequest(onRequest?: FaultProxyOptions['onRequest']): void;
  /** From now on nothing moves, in either direction, but connections stay open: as with a cable pulled. */
  freeze(): void;
  /** What was held moves on, requests that were under way included. */
  thaw(): void;
  /** Breaks off every connection that is open. */
  breakAll(how: Break): void;
  stop(): Promise<void>;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

export const startFaultProxy = async ({
  kubeConfig,
  host = '127.0.0.1',
  ...options
}: FaultProxyOptions): Promise<FaultProxy> => {
  const upstream = new URL(kubeConfig.getCurrentCluster()?.server ?? '');
  const tls: RequestOptions = { headers: {} };
  await kubeConfig.applyToHTTPSOptions(tls);
  // A client certificate goes before a token at the API server, so whoever brings a token goes without the certificate.
  const asOurselves = new Agent({ keepAlive: true, ca: tls.ca, cert: tls.cert, key: tls.key });
  const asTheyAre = new Agent({ keepAlive: true, ca: tls.ca });

  let { onRequest } = options;
  let gate = Promise.withResolvers<undefined>();
  gate.resolve(undefined);
  const requests: RequestRecord[] = [];
  /** The TCP connections under the TLS ones, by the client's port: only they can be reset. */
  const sockets = new Map<number, Socket>();

  const breakOff = (socket: Socket, how: Break) => {
    if (how === 'reset') (sockets.get(socket.remotePort ?? 0) ?? socket).resetAndDestroy();
    else socket.destroy();
  };

  const forward = (path: string, { method, headers, body }: ProxiedRequest, gone: AbortSignal) => {
    const asked = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
    const outgoing = requestUpstream({
      host: upstream.hostname,
      port: upstream.port || 443,
      path: upstream.pathname.replace(/\/$/, '') + path,
      method,
      headers: Object.fromEntries(asked),
      agent: headers['authorization'] === undefined ? asOurselves : asTheyAre,
      signal: gone,
    });
    outgoing.end(body === '' ? undefined : body);
    return once(outgoing, 'response') as Promise<[IncomingMessage]>;
  };

  /** Passes the answer on as the verdict says. */
  const passOn = async (answer: IncomingMessage, outgoing: ServerResponse, verdict: Verdict) => {
    const { rewriteLine, cutAfterBytes = Infinity } = verdict;
    const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
    const changed = rewriteLine !== undefined || cutAfterBytes !== Infinity;
    outgoing.writeHead(
      answer.statusCode ?? 502,
      // What is cut keeps its length, so that the client can notice; what is rewritten has another.
      Object.fromEntries(kept.filter(([name]) => name !== 'content-length' || (changed && !rewriteLine))),
    );
    outgoing.flushHeaders();
    let begun = '';
    let sent = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      let piece = chunk;
      if (rewriteLine) {
        const lines = (begun + chunk.toString('latin1')).split('\n');
        begun = lines.pop() ?? '';
        const rewritten = lines.flatMap((line) =>
          rewriteLine(Buffer.from(line, 'latin1').toString()).map((text) => `${text}\n`),
        );
        piece = Buffer.from(rewritten.join(''));
      }
      await gate.promise;
      const allowed = piece.subarray(0, Math.max(0, cutAfterBytes - sent));
      sent += piece.length;
      if (allowed.length > 0) await new Promise((resolve) => outgoing.write(allowed, resolve));
      if (sent >= cutAfterBytes) {
        answer.destroy();
        if (outgoing.socket) breakOff(outgoing.socket, verdict.cut ?? 'reset');
        return;
      }
    }
    await gate.promise;
    outgoing.end();
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const gone = new AbortController();
    outgoing.on('close', () => {
      gone.abort();
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const { url = '/', method = 'GET', headers } = incoming;
    const body = Buffer.concat(chunks).toString();
    const request = describeRequest(requests.length + 1, method, url, headers, body);
    const record: RequestRecord = { request, at: performance.now() };
    requests.push(record);
    await gate.promise;
    const verdict = (await onRequest?.(request)) ?? {};
    if (verdict.delayMs !== undefined) await delay(verdict.delayMs);
    if (verdict.drop !== undefined) {
      breakOff(incoming.socket, verdict.drop);
      return;
    }
    if (verdict.answer) {
      const { status, headers = {}, body = '' } = verdict.answer;
      record.status = status;
      outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
      outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
      return;
    }
    const [answer] = await forward(verdict.forwardAs ?? url, request, gone.signal);
    await verdict.afterAnswer?.(answer.statusCode ?? 0);
    await gate.promise;
    if (verdict.dropAnswer !== undefined) {
      answer.destroy();
      breakOff(incoming.socket, verdict.dropAnswer);
      return;
    }
    record.status = answer.statusCode ?? 0;
    await passOn(answer, outgoing, verdict);
  };

  const { ca, certificate, key } = await createServerCertificate([host]);
  const server = createServer(
    { cert: certificate, key, ALPNProtocols: ['http/1.1'] },
    (incoming, outgoing) => {
      handle(incoming, outgoing).catch(() => {
        // The client or the API server is gone: then so is the other.
        outgoing.destroy();
      });
    },
  );
  // As the API server's, so that clients keep connections here as long as there.
  server.keepAliveTimeout = 90_000;
  server.on('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.on('close', () => sockets.delete(port));
    // A reset is what this program is for.
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  const url = `https://${host}:${(server.address() as AddressInfo).port}`;

  const kubeconfig = (token?: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'fault-proxy',
          cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
        },
      ],
      users: [{ name: 'client', user: token === undefined ? {} : { token } }],
      contexts: [{ name: 'fault-proxy', context: { cluster: 'fault-proxy', user: 'client' } }],
      'current-context': 'fault-proxy',
    });
  const ownKubeConfig = new KubeConfig();
  ownKubeConfig.loadFromString(kubeconfig());

  return {
    url,
    kubeConfig: ownKubeConfig,
    kubeconfig,
    requests,
    connections: () => sockets.size,
    setOnRequest(next) {
      onRequest = next;
    },
    freeze() {
      gate = Promise.withResolvers();
    },
    thaw() {
      gate.resolve(undefined);
    },
    breakAll(how) {
      for (const socket of sockets.values())
        if (how === 'reset') socket.resetAndDestroy();
        else socket.destroy();
    },
    async stop() {
      gate.resolve(undefined);
      server.close();
      server.closeAllConnections();
      for (const socket of sockets.values()) socket.destroy();
      asOurselves.destroy();
      asTheyAre.destroy();
      await once(server, 'close');
    },
  };
};
