/** The serving certificate, from the Secret in which the controller keeps it; changed without a restart. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Secret, Stored } from '../api/kubernetes.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReaderMetrics } from '../kube/metrics.ts';
import { createReader } from '../kube/reader.ts';
import { secrets } from '../kube/resources.ts';
import type { CertificateMetrics } from './metrics.ts';

/** PEM both; the certificate with those between it and its CA, if there are any. */
export interface ServingCertificate {
  cert: string;
  key: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface CertificateSource {
  start(): void;
  stop(): Promise<void>;
  /** The certificate to serve with; undefined while there was no good one. */
  current(): ServingCertificate | undefined;
  /** Resolves with the first good one. @throws the signal's reason */
  first(signal: AbortSignal): Promise<ServingCertificate>;
  /** Called with each one after the first. */
  onChange(handler: (certificate: ServingCertificate) => void): void;
}

export interface CertificateSourceOptions {
  client: Client;
  /** The Secret, with `tls.crt` and `tls.key`. */
  namespace: string;
  name: string;
  logger: Logger;
  readerMetrics: ReaderMetrics;
  metrics: CertificateMetrics;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export function createCertificateSource({
  client,
  namespace,
  name,
  logger,
  readerMetrics,
  metrics,
  now,
}: CertificateSourceOptions): CertificateSource {
  const reader = createReader({
    client,
    resource: secrets,
    logger,
    metrics: readerMetrics,
    namespace,
    // With this, RBAC's resourceNames allow list and watch of just this one.
    fieldSelector: `metadata.name=${name}`,
  });
  let current: ServingCertificate | undefined;
  const first = Promise.withResolvers<ServingCertificate>();
  const handlers: ((certificate: ServingCertificate) => void)[] = [];

  const take = (secret: Stored<Secret>) => {
    const found = certificateIn(secret, now());
    if ('problem' in found) {
      // An empty one is what a fresh installation begins with.
      if (found.problem === EMPTY && !current) {
        logger.info('waiting for the serving certificate', { secret: name });
        return;
      }
      metrics.refused.inc();
      logger.error('the serving certificate in the Secret cannot be used; the one before stays', {
        secret: name,
        problem: found.problem,
        inUseUntil: current && new Date(current.expiresAt).toISOString(),
      });
      return;
    }
    if (current?.cert === found.cert && current.key === found.key) return;
    const isFirst = current === undefined;
    current = found;
    metrics.expires.set(found.expiresAt / 1000);
    logger.info('serving certificate loaded', {
      secret: name,
      expires: new Date(found.expiresAt).toISOString(),
    });
    if (isFirst) first.resolve(found);
    else for (const handler of handlers) handler(found);
  };
  reader.subscribe((change) => {
    if (change.type !== 'deleted') take(change.object);
    else
      logger.error('the Secret of the serving certificate is gone; the certificate stays in use', {
        secret: name,
      });
  });

  return {
    start: () => {
      reader.start();
    },
    stop: () => reader.stop(),
    current: () => current,
    async first(signal) {
      const aborted = Promise.withResolvers<never>();
      const abort = () => {
        aborted.reject(signal.reason);
      };
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await Promise.race([first.promise, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    onChange: (handler) => {
      handlers.push(handler);
    },
  };
}

const EMPTY = 'tls.crt or tls.key is missing';

/**
 * The certificate in a Secret, or what is wrong with it: half written, not a pair, not valid now. Messages never quote
 * the contents.
 */
export function certificateIn(
  { data }: Pick<Secret, 'data'>,
  now: number,
): ServingCertificate | { problem: string } {
  const cert = decoded(data?.['tls.crt']);
  const key = decoded(data?.['tls.key']);
  if (cert === '' || key === '') return { problem: EMPTY };
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      return { problem: 'tls.key is not the key of tls.crt' };
    }
    const [from, until] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    if (now < from) return { problem: `tls.crt is not valid before ${new Date(from).toISOString()}` };
    if (now >= until) return { problem: `tls.crt has expired on ${new Date(until).toISOString()}` };
    // What OpenSSL would refuse when it is set is better refused here.
    createSecureContext({ cert, key });
    return { cert, key, expiresAt: until };
  } catch {
    return { problem: 'tls.crt or tls.key cannot be read' };
  }
}

function decoded(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}
