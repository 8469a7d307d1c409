import type { RequestOptions as TlsOptions } from 'node:https';
import { createHash } from 'node:crypto';
import { Pool, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { NoAnswerError } from './api-error.ts';
import { monotonicNow } from './clock.ts';
import type { ClusterAccess } from './cluster-access.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query, without the server's own path prefix. */
  path: string;
  headers: Record<string, string | string[]>;
  body?: string;
  signal: AbortSignal;
  /** What is asked, in words, for errors. */
  summary: string;
}

export type HttpResponse = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/** HTTPS to one API server, with the credentials of one kubeconfig context. */
export interface Transport {
  /**
   * Sends one request, once, and resolves with the head of its answer, whatever the status.
   * @throws NoAnswerError when no answer came; the signal's reason once it is aborted.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Has the credentials read again before the next request: for when the server did not accept them. */
  forgetCredentials(): void;
  /** Ends what is under way and closes every connection. */
  close(): Promise<void>;
}

export interface TransportOptions {
  kubeConfig: ClusterAccess;
  userAgent: string;
}

interface Credentials {
  headers: Record<string, string>;
  dispatcher: Dispatcher;
  readAt: number;
}

/**
 * Files of certificates and tokens are looked at again after so long. KubeConfig itself caches a token file for a
 * minute, as client-go does; the kubelet renews it when a fifth of its life is left, minutes before it ends.
 */
const CREDENTIALS_MAX_AGE_MS = 10_000;

/**
 * Idle connections are closed before a middlebox does so silently: 60 s is the default of AWS's load balancers, the
 * lowest usual one. The API server keeps them for 90 s (k8s.io/apiserver/pkg/server/secure_serving.go).
 */
const KEEP_ALIVE_MS = 45_000;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A bound on open connections, not on the rate of requests: beyond it they wait in line for one that is free. Without
 * it a burst of a thousand look-ups would open a thousand TLS connections.
 */
const MAX_CONNECTIONS = 128;

/** Connects to the cluster of the kubeconfig's current context. */
export const createTransport = ({ kubeConfig, userAgent }: TransportOptions): Transport => {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new TypeError(`the kubeconfig has no cluster for context ${kubeConfig.currentContext}`);
  const server = new URL(cluster.server);
  const pathPrefix = server.pathname.replace(/\/$/, '');
  const dispatchers = new Map<string, Dispatcher>();
  /** Those of certificates that were renewed since, while something still runs over them. */
  const outdated = new Set<Dispatcher>();
  let credentials: Promise<Credentials> | undefined;
  let closed = false;
  const isClosed = () => closed;

  const dispatcherFor = (tls: TlsOptions): Dispatcher => {
    const connect = {
      ...(tls.ca !== undefined && { ca: tls.ca }),
      ...(tls.cert !== undefined && { cert: tls.cert }),
      ...(tls.key !== undefined && { key: tls.key }),
      ...(tls.servername !== undefined && { servername: tls.servername }),
      ...(tls.rejectUnauthorized !== undefined && { rejectUnauthorized: tls.rejectUnauthorized }),
    };
    const fingerprint = createHash('sha256').update(JSON.stringify(connect)).digest('hex');
    const known = dispatchers.get(fingerprint);
    if (known) return known;
    // What still runs over connections with the old certificates may end in its own time.
    for (const dispatcher of dispatchers.values()) {
      outdated.add(dispatcher);
      void dispatcher.close().finally(() => outdated.delete(dispatcher));
    }
    dispatchers.clear();
    const options = {
      // HTTP/1.1, although the API server speaks HTTP/2: a connection that dies silently then takes one request or one
      // watch with it, and not all of them. Measured on one machine with the API server, 1.37: sequential GETs and creates
      // at 32 at a time took 0.9 to 1.1 of HTTP/2's time, which is no difference.
      allowH2: false,
      connections: MAX_CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // Every request has a signal that bounds it as a whole, and a watch may well be silent for a while.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    const dispatcher = cluster.proxyUrl
      ? new ProxyAgent({ ...options, uri: cluster.proxyUrl, requestTls: connect })
      : // No Agent: one that is being closed forgets its connections, and cannot be destroyed any more.
        new Pool(server.origin, {
          ...options,
          connect: {
            ...connect,
            timeout: CONNECT_TIMEOUT_MS,
            keepAlive: true,
            keepAliveInitialDelay: 30_000,
          },
        });
    dispatchers.set(fingerprint, dispatcher);
    return dispatcher;
  };

  const readCredentials = async (): Promise<Credentials> => {
    const options: TlsOptions = { headers: {} };
    await kubeConfig.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {}))
      // A token file may end in a newline, which no header may.
      if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
    if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    return { headers, dispatcher: dispatcherFor(options), readAt: monotonicNow() };
  };

  const currentCredentials = async (): Promise<Credentials> => {
    const known = credentials;
    if (known && monotonicNow() - (await known).readAt < CREDENTIALS_MAX_AGE_MS) return known;
    // Only the first of those who waited reads them anew.
    if (credentials === known) {
      const reading = readCredentials();
      credentials = reading;
      reading.catch(() => {
        if (credentials === reading) credentials = undefined;
      });
    }
    return credentials ?? readCredentials();
  };

  return {
    async send({ method, path, headers, body, signal, summary }) {
      let current: Credentials;
      try {
        current = await currentCredentials();
      } catch (error) {
        throw new NoAnswerError(summary, 'Credentials', `no credentials: ${withoutSecrets(error)}`);
      }
      signal.throwIfAborted();
      if (isClosed()) throw new NoAnswerError(summary, 'Closed', 'the client is closed');
      try {
        return await current.dispatcher.request({
          origin: server.origin,
          path: pathPrefix + path,
          method,
          headers: { 'user-agent': userAgent, ...current.headers, ...headers },
          body: body ?? null,
          signal,
        });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw new NoAnswerError(summary, isClosed() ? 'Closed' : 'Connection', describe(error), {
          cause: error,
        });
      }
    },
    forgetCredentials() {
      credentials = undefined;
    },
    async close() {
      closed = true;
      await Promise.all([...dispatchers.values(), ...outdated].map((dispatcher) => dispatcher.destroy()));
    },
  };
};

/** A parser's message quotes what it could not parse, and that is what a credential plugin printed. */
const withoutSecrets = (error: unknown): string =>
  error instanceof SyntaxError ? 'the credential plugin printed no JSON' : describe(error);

/** Node reports a refused connection to a name with several addresses as an AggregateError without a message. */
const describe = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describe).join(', ');
  return error instanceof Error ? error.message || error.name : String(error);
};
