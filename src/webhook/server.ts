/** HTTPS around the reviewers: bodies in, answers out, and an end without dropping anybody. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { AdmissionRequest, AdmissionReview } from '../api/kubernetes.ts';
import { ENFORCEMENT_PROBE_CODE } from '../core/decision/probe.ts';
import { codesOf } from '../core/decision/violation.ts';
import { monotonicNow, startTimer } from '../kube/clock.ts';
import type { Logger } from '../kube/logger.ts';
import type { Phase, WebhookMetrics } from './metrics.ts';
import {
  failureOf,
  MalformedReview,
  parseReview,
  reviewOf,
  type Answer,
  type CallContext,
  type Reviewer,
} from './review.ts';
import type { ServingCertificate } from './tls.ts';

export interface Route {
  /** As in the webhook configuration: `/validate/pods`. */
  path: string;
  phase: Phase;
  /** What is judged there, in the plural: `pods`. Reviews of anything else are malformed. */
  resources: readonly string[];
  review: Reviewer;
}

/** Who is answered at all. */
export interface Clients {
  /** PEM: who calls shows a certificate that one of these has signed, or the handshake fails. */
  authorities: string;
  /** The common names that such a certificate may have; any where there are none. */
  names: readonly string[];
}

export interface WebhookServer {
  port: number;
  /** Serves new connections with it; those that are open go on with the one before. */
  setCertificate(certificate: Pick<ServingCertificate, 'cert' | 'key'>): void;
  /** Verifies new connections by these; those that are open are closed after their next answer. Only where there were some from the start. */
  setClientAuthorities(authorities: string): void;
  /**
   * Takes no new connections, answers what is under way, asking clients to close, and resolves when all is answered, or
   * cut off after the deadline in milliseconds.
   */
  close(deadlineMs: number): Promise<void>;
}

export interface WebhookServerOptions {
  /** 0 takes any free port. */
  port: number;
  certificate: Pick<ServingCertificate, 'cert' | 'key'>;
  routes: readonly Route[];
  metrics: WebhookMetrics;
  logger: Logger;
  /** Everybody, where omitted. */
  clients?: Clients | undefined;
  /** How long a request may take to arrive, headers and body, in milliseconds. Default: 32 s. */
  receiveMs?: number;
  /** After how long a request that still arrives is the first to be cut off, where there is too much, in milliseconds. Default: 1 s. */
  slowMs?: number;
  /** How long connections on which nothing is under way are kept at the end, in milliseconds. Default: 5 s. */
  idleMs?: number;
}

/**
 * The largest review: an object and the one before it, each of at most 3 MiB of JSON (the API server's
 * --max-request-body-bytes, k8s.io/apiserver, pkg/server/config.go), and what is around them.
 */
const MAX_BODY_BYTES = 7 * 2 ** 20;

/**
 * The most of all reviews under way together, in bytes: what is made of one in memory may have twenty times its size, and the
 * process has some hundreds of MiB. Usual ones have some ten KiB.
 */
const MAX_BYTES_UNDER_WAY = 16 * 2 ** 20;

/** Longer than the 90 s for which the API server's client keeps idle connections, so that it is the one to close them. */
const KEEP_ALIVE_MS = 95_000;

/**
 * controller-runtime's for headers (pkg/internal/httpserver), and here for the whole: no API server waits for longer than
 * 30 s (timeoutSeconds), so who takes longer to ask is none.
 */
const RECEIVE_MS = 32_000;

/** An API server has all of a review before it sends any of it: who is still at it after so long is most likely none. */
const SLOW_MS = 1000;

/** On each connection that an API server keeps, it asks something within seconds while it has something to ask. */
const IDLE_MS = 5000;

/** How often Node looks for requests that take too long: within a tenth of their time. */
const CHECKS_PER_RECEIVE = 10;

/** What the API server waits for an answer where it does not say (admissionregistration.k8s.io/v1, timeoutSeconds). */
export const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * What is kept of the API server's patience for the way of the answer, in milliseconds. Less than what a held pod is
 * kept (mutate-pods.ts), which still has to be judged after its wait.
 */
const TIME_TO_SEND_MS = 500;

/** @throws where the port is taken, or the certificate cannot be used. */
export async function serveWebhook({
  port,
  certificate,
  routes,
  metrics,
  logger,
  clients,
  receiveMs = RECEIVE_MS,
  slowMs = SLOW_MS,
  idleMs = IDLE_MS,
}: WebhookServerOptions): Promise<WebhookServer> {
  const closing = createClosing();
  const door = clients && createDoor(clients);
  let pair = pairOf(certificate);
  const context = () => ({
    ...pair,
    ...(door && { ca: door.authorities() }),
    minVersion: 'TLSv1.2' as const,
  });
  const server = createServer(
    {
      ...context(),
      ...(door && { requestCert: true, rejectUnauthorized: true }),
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: receiveMs,
      requestTimeout: receiveMs,
      connectionsCheckingInterval: receiveMs / CHECKS_PER_RECEIVE,
    },
    createApp({ routes, metrics, logger, slowMs }, closing, door),
  );
  // Somebody's broken connection or port scan; the API server's own failures are counted there.
  server.on('tlsClientError', (error) => {
    logger.debug('a TLS handshake failed', { error });
  });
  /** Every TCP connection: those of which nobody knows yet that they will speak TLS are not among Node's own. */
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  if (door) server.on('secureConnection', door.opened);
  server.listen(port);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: (next) => {
      pair = pairOf(next);
      server.setSecureContext(context());
    },
    setClientAuthorities: (authorities) => {
      door?.believe(authorities);
      server.setSecureContext(context());
    },
    close: async (deadlineMs) => {
      const closed = once(server, 'close');
      closing.begin();
      // Not http's own: that ends idle connections at once, and on one of these a request may be on its way, which nobody sends again. Who
      // sends one is answered, and closes the connection then.
      NetServer.prototype.close.call(server);
      const timers = [
        startTimer(idleMs, () => {
          server.closeIdleConnections();
        }),
        startTimer(deadlineMs, () => {
          for (const socket of sockets) socket.destroy();
        }),
      ];
      await closed;
      for (const cancel of timers) cancel();
    },
  };
}

/** Lets in whom TLS has verified, and who has one of the names. */
interface Door {
  authorities(): string;
  believe(authorities: string): void;
  /** Called with every connection that TLS has let through. */
  opened: (socket: TLSSocket) => void;
  handler: RequestHandler;
}

function createDoor({ authorities: first, names }: Clients): Door {
  let authorities = first;
  /** By which authorities each open connection was verified. */
  const verifiedBy = new WeakMap<object, string>();
  return {
    authorities: () => authorities,
    believe: (next) => {
      authorities = next;
    },
    opened: (socket) => {
      verifiedBy.set(socket, authorities);
    },
    handler: ({ socket }, response, next) => {
      if (!(socket instanceof TLSSocket) || !socket.authorized || !isNamed(socket, names)) {
        response
          .status(403)
          .type('text/plain')
          .send('the name in the client certificate is none of those that may call\n');
        return;
      }
      if (verifiedBy.get(socket) !== authorities) response.setHeader('connection', 'close');
      next();
    },
  };
}

function isNamed(socket: TLSSocket, names: readonly string[]): boolean {
  // Of somebody who has several, nobody can say which one is meant.
  const name: unknown = socket.getPeerX509Certificate()?.toLegacyObject().subject.CN;
  return names.length === 0 || (typeof name === 'string' && names.includes(name));
}

/** Has clients close their connections after the answers that are still to come. */
interface Closing {
  begin(): void;
  /** Called with every response before anything is sent. */
  watch(response: ServerResponse): void;
}

function createClosing(): Closing {
  const open = new Set<ServerResponse>();
  let hasBegun = false;
  // A connection that the client closes after its answer is not cut off in the middle of its next request.
  const askToClose = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  return {
    begin() {
      hasBegun = true;
      open.forEach(askToClose);
    },
    watch(response) {
      if (hasBegun) askToClose(response);
      open.add(response);
      response.once('close', () => open.delete(response));
    },
  };
}

function createApp(
  {
    routes,
    metrics,
    logger,
    slowMs,
  }: Pick<WebhookServerOptions, 'routes' | 'metrics' | 'logger'> & { slowMs: number },
  closing: Closing,
  door: Door | undefined,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_, response, next) => {
    closing.watch(response);
    next();
  });
  if (door) app.use(door.handler);
  const withinMemory = boundedTogether(MAX_BYTES_UNDER_WAY, slowMs);
  for (const route of routes) {
    app.post(
      route.path,
      measured(route.path, metrics),
      withinMemory,
      express.json({ limit: MAX_BODY_BYTES, type: 'application/json' }),
      reviewed(route, metrics, logger),
    );
  }
  app.use((_, response) => {
    response
      .status(404)
      .type('text/plain')
      .send('nothing here: admission reviews are POSTed to the paths of the webhook configurations\n');
  });
  app.use(badRequest(logger));
  return app;
}

/** nginx's, for want of one in RFC 9110: nobody was there any more to be answered. */
const CLIENT_CLOSED_REQUEST = 499;

function measured(path: string, metrics: WebhookMetrics): RequestHandler {
  return (_, response, next) => {
    const done = metrics.request(path);
    response.once('close', () => {
      done(response.headersSent ? response.statusCode : CLIENT_CLOSED_REQUEST);
    });
    next();
  };
}

/**
 * Where all requests under way are larger than that together, the one that has been sent for longest is cut off, if that is too long;
 * otherwise the largest, which is no usual one. By size alone, very many small ones that never end would make a usual one the largest.
 */
function boundedTogether(most: number, slowMs: number): RequestHandler {
  const underWay = new Map<IncomingMessage, { size: number; since: number }>();
  let together = 0;
  const cutOne = () => {
    const slowSince = monotonicNow() - slowMs;
    // In the order in which they began.
    const slowest = [...underWay].find(([{ complete }, { since }]) => !complete && since <= slowSince);
    const [cut] = slowest ?? [...underWay].reduce((a, b) => (b[1].size > a[1].size ? b : a));
    forget(cut);
    cut.destroy();
  };
  const forget = (request: IncomingMessage) => {
    together -= underWay.get(request)?.size ?? 0;
    underWay.delete(request);
  };
  return (request, response, next) => {
    const known = { size: 0, since: monotonicNow() };
    underWay.set(request, known);
    response.once('close', () => {
      forget(request);
    });
    request.on('data', ({ length }: Buffer) => {
      if (!underWay.has(request)) return;
      known.size += length;
      together += length;
      if (together > most) cutOne();
    });
    next();
  };
}

function reviewed(route: Route, metrics: WebhookMetrics, logger: Logger): RequestHandler {
  return async (httpRequest, response) => {
    const request = parseReview(httpRequest.body);
    const { resource } = request.resource;
    if (!route.resources.includes(resource))
      throw new MalformedReview(`${route.path} judges ${route.resources.join(', ')} only`);
    const stop = new AbortController();
    response.once('close', () => {
      stop.abort(new Error('nobody waits for the answer any more'));
    });
    const timeoutMs = timeoutOf(httpRequest.query['timeout']);
    // Without a length, which the API server always sends, it may be of any.
    const size = Number(httpRequest.headers['content-length'] ?? MAX_BODY_BYTES);
    const answer = await answerTo(request, { stop, timeoutMs, size }, route, metrics, logger);
    response.json(answer);
  };
}

/** @throws MalformedReview */
async function answerTo(
  request: AdmissionRequest,
  { stop, timeoutMs, size }: { stop: AbortController } & Omit<CallContext, 'signal'>,
  { path, phase, review }: Route,
  metrics: WebhookMetrics,
  logger: Logger,
): Promise<AdmissionReview> {
  const { uid, namespace, name, operation, userInfo } = request;
  try {
    const answer = await inTime(review(request, { signal: stop.signal, timeoutMs, size }), stop, timeoutMs);
    metrics.decided(request, phase, answer);
    if (!answer.allowed) {
      const codes = codesOf(answer.violations);
      // The controller's probe comes every few seconds, and is denied as it should be.
      const level = codes.includes(ENFORCEMENT_PROBE_CODE) ? 'debug' : 'info';
      logger[level]('denied', {
        path,
        namespace,
        name,
        operation,
        user: userInfo.username,
        codes,
        ...answer.audit,
      });
    }
    return reviewOf(uid, answer);
  } catch (error) {
    if (error instanceof MalformedReview) throw error;
    metrics.decided(request, phase, undefined);
    logger.error('could not judge a request, and refused it', { path, namespace, name, operation, error });
    return failureOf(uid);
  }
}

/**
 * The answer, where it is found while the API server waits. What looks for it is told to stop otherwise: a no that says
 * where to look is better than the API server's own, that nobody answered.
 * @throws Error when the time is up.
 */
async function inTime(looking: Promise<Answer>, stop: AbortController, timeoutMs: number): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const cancel = startTimer(Math.max(0, timeoutMs - TIME_TO_SEND_MS), () => {
    const error = new Error(`no answer was found within the API server's ${timeoutMs} ms`);
    late.reject(error);
    stop.abort(error);
  });
  try {
    return await Promise.race([looking, late.promise]);
  } finally {
    cancel();
  }
}

/** The API server says how long it waits in the query of each call: `?timeout=10s`, in Go's notation. */
export function timeoutOf(query: unknown): number {
  const seconds = typeof query === 'string' ? /^(\d{1,4})s$/.exec(query)?.[1] : undefined;
  return seconds === undefined ? DEFAULT_TIMEOUT_MS : Number(seconds) * 1000;
}

/** What express, the JSON parser and parseReview throw: the caller's fault, said in one line. */
function badRequest(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error instanceof MalformedReview ? 400 : statusOf(error);
    const message = error instanceof Error ? error.message : 'unreadable request';
    if (status >= 500) logger.error('a request failed', { path: request.path, error });
    response
      .status(status)
      .type('text/plain')
      .send(`${status >= 500 ? 'internal error' : message}\n`);
  };
}

/** http-errors' convention, which body-parser follows: 400, 413, 415. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

function pairOf({ cert, key }: Pick<ServingCertificate, 'cert' | 'key'>): { cert: string; key: string } {
  return { cert, key };
}
