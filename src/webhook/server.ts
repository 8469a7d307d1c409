/** HTTPS around the reviewers: bodies in, answers out, and an end without dropping anybody. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { AdmissionRequest, AdmissionReview } from '../api/kubernetes.ts';
import { ENFORCEMENT_PROBE_CODE } from '../core/decision/probe.ts';
import type { Logger } from '../kube/logger.ts';
import type { Phase, WebhookMetrics } from './metrics.ts';
import {
  failureOf,
  MalformedReview,
  parseReview,
  reviewOf,
  type CallContext,
  type Reviewer,
} from './review.ts';
import type { ServingCertificate } from './tls.ts';

export interface Route {
  /** As in the webhook configuration: `/validate/pods`. */
  path: string;
  phase: Phase;
  review: Reviewer;
}

export interface WebhookServer {
  port: number;
  /** Serves new connections with it; those that are open go on with the one before. */
  setCertificate(certificate: Pick<ServingCertificate, 'cert' | 'key'>): void;
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
}

/**
 * The largest review: an object and the one before it, each of at most 3 MiB of JSON (the API server's
 * --max-request-body-bytes, k8s.io/apiserver, pkg/server/config.go), and what is around them.
 */
const MAX_BODY_BYTES = 7 * 2 ** 20;

/** Longer than the 90 s for which the API server's client keeps idle connections, so that it is the one to close them. */
const KEEP_ALIVE_MS = 95_000;

/** controller-runtime's (pkg/internal/httpserver): who needs longer for headers is no API server. */
const HEADERS_TIMEOUT_MS = 32_000;

/** What the API server waits for an answer where it does not say (admissionregistration.k8s.io/v1, timeoutSeconds). */
const DEFAULT_TIMEOUT_MS = 10_000;

/** @throws where the port is taken, or the certificate cannot be used. */
export async function serveWebhook({
  port,
  certificate,
  routes,
  metrics,
  logger,
}: WebhookServerOptions): Promise<WebhookServer> {
  let isClosing = false;
  const app = createApp(routes, metrics, logger, () => isClosing);
  const server = createServer({ ...pairOf(certificate), minVersion: 'TLSv1.2' }, app);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  // Somebody's broken connection or port scan; the API server's own failures are counted there.
  server.on('tlsClientError', (error) => {
    logger.debug('a TLS handshake failed', { error });
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: (next) => {
      server.setSecureContext({ ...pairOf(next), minVersion: 'TLSv1.2' });
    },
    close: (deadlineMs) => {
      isClosing = true;
      return closeWithin(server, deadlineMs);
    },
  };
}

function createApp(
  routes: readonly Route[],
  metrics: WebhookMetrics,
  logger: Logger,
  isClosing: () => boolean,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  for (const route of routes) {
    app.post(
      route.path,
      measured(route.path, metrics),
      express.json({ limit: MAX_BODY_BYTES, type: 'application/json' }),
      reviewed(route, metrics, logger, isClosing),
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

function measured(path: string, metrics: WebhookMetrics): RequestHandler {
  return (_, response, next) => {
    const done = metrics.request(path);
    response.once('close', () => {
      done(response.statusCode);
    });
    next();
  };
}

function reviewed(
  route: Route,
  metrics: WebhookMetrics,
  logger: Logger,
  isClosing: () => boolean,
): RequestHandler {
  return async (httpRequest, response) => {
    const request = parseReview(httpRequest.body);
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort(new Error('nobody waits for the answer any more'));
    });
    const context = { signal: gone.signal, timeoutMs: timeoutOf(httpRequest.query['timeout']) };
    const answer = await answerTo(request, context, route, metrics, logger);
    // A connection that the client closes after its answer is not cut off in the middle of its next request.
    if (isClosing()) response.set('connection', 'close');
    response.json(answer);
  };
}

/** @throws MalformedReview */
async function answerTo(
  request: AdmissionRequest,
  context: CallContext,
  { path, phase, review }: Route,
  metrics: WebhookMetrics,
  logger: Logger,
): Promise<AdmissionReview> {
  const { uid, namespace, name, operation, userInfo } = request;
  try {
    const answer = await review(request, context);
    metrics.decided(request, phase, answer);
    if (!answer.allowed) {
      const codes = answer.violations.map(({ code }) => code);
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

async function closeWithin(server: Server, deadlineMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const deadline = setTimeout(() => {
    server.closeAllConnections();
  }, deadlineMs);
  await closed;
  clearTimeout(deadline);
}
