/** The serving certificate, from a Secret in which the controller (or cert-manager) keeps it; changed without a restart. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Secret } from '../api/kubernetes.ts';
import type { Client } from '../kube/client.ts';
import { startTimer } from '../kube/clock.ts';
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

/** Why what is in the Secret is not served with. */
export const CERTIFICATE_FAULTS = [
  'Missing',
  'Incomplete',
  'Unreadable',
  'OtherKey',
  'OtherName',
  'NotYetValid',
  'Expired',
] as const;
export type CertificateFault = (typeof CERTIFICATE_FAULTS)[number];

export interface RefusedCertificate {
  fault: CertificateFault;
  /** In words, of which none is from the key. */
  problem: string;
  /** From when on it will do, in milliseconds since the epoch, where that is all that is wrong with it. */
  goodFrom?: number;
}

/** Goes on with the last good certificate, whatever comes after it. */
export interface CertificateKeeper {
  /** Takes up what is in the Secret, where it is any good; undefined where the Secret is gone. */
  take(secret: Pick<Secret, 'data'> | undefined): void;
  stop(): void;
  /** The certificate to serve with; undefined while there was no good one. */
  current(): ServingCertificate | undefined;
  /** Resolves with the first good one. @throws the signal's reason */
  first(signal: AbortSignal): Promise<ServingCertificate>;
  /** Called with each one after the first. */
  onChange(handler: (certificate: ServingCertificate) => void): void;
}

export interface CertificateKeeperOptions {
  /** By which the API server calls: `<service>.<namespace>.svc`. */
  dnsName: string;
  logger: Logger;
  metrics: CertificateMetrics;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export function createCertificateKeeper({
  dnsName,
  logger,
  metrics,
  now,
}: CertificateKeeperOptions): CertificateKeeper {
  let current: ServingCertificate | undefined;
  const first = Promise.withResolvers<ServingCertificate>();
  const handlers: ((certificate: ServingCertificate) => void)[] = [];
  let cancelLook = (): void => undefined;

  const take: CertificateKeeper['take'] = (secret) => {
    cancelLook();
    const found = certificateIn(secret ?? {}, { now: now(), dnsName });
    if (!('fault' in found)) {
      use(found);
      return;
    }
    refuse(found);
    // Nobody will write anything when its time has come.
    if (found.goodFrom !== undefined)
      cancelLook = startTimer(found.goodFrom - now(), () => {
        take(secret);
      });
  };

  const refuse = ({ fault, problem }: RefusedCertificate) => {
    // An empty one is what a fresh installation begins with.
    if (fault === 'Missing' && !current) {
      logger.info('waiting for the serving certificate');
      return;
    }
    metrics.refused(fault);
    const outcome = current ? 'the one before stays in use' : 'there is none to serve with';
    logger.error(`the serving certificate in the Secret cannot be used; ${outcome}`, {
      fault,
      problem,
      inUseUntil: current && new Date(current.expiresAt).toISOString(),
    });
  };

  const use = (found: ServingCertificate) => {
    metrics.accepted();
    if (current?.cert === found.cert && current.key === found.key) return;
    const isFirst = current === undefined;
    current = found;
    metrics.expires.set(found.expiresAt / 1000);
    logger.info('serving certificate loaded', { expires: new Date(found.expiresAt).toISOString() });
    if (isFirst) first.resolve(found);
    else for (const handler of handlers) handler(found);
  };

  return {
    take,
    stop: () => {
      cancelLook();
    },
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

export interface CertificateSource extends Omit<CertificateKeeper, 'take' | 'stop'> {
  start(): void;
  stop(): Promise<void>;
}

export interface CertificateSourceOptions extends CertificateKeeperOptions {
  client: Client;
  /** The Secret, with `tls.crt` and `tls.key`. */
  namespace: string;
  name: string;
  readerMetrics: ReaderMetrics;
}

/** The certificate in a Secret of the cluster, as it is from moment to moment. */
export function createCertificateSource({
  client,
  namespace,
  name,
  readerMetrics,
  ...options
}: CertificateSourceOptions): CertificateSource {
  const { logger } = options;
  const reader = createReader({
    client,
    resource: secrets,
    logger,
    metrics: readerMetrics,
    namespace,
    // With this, RBAC's resourceNames allow list and watch of just this one.
    fieldSelector: `metadata.name=${name}`,
  });
  const keeper = createCertificateKeeper({ ...options, logger: logger.child({ secret: name }) });
  reader.subscribe(({ type, object }) => {
    keeper.take(type === 'deleted' ? undefined : object);
  });
  return {
    ...keeper,
    start: () => {
      reader.start();
    },
    stop: async () => {
      await reader.stop();
      keeper.stop();
    },
  };
}

/** The certificate in a Secret, or what is wrong with it: half written, not a pair, for another name, not valid now. */
export function certificateIn(
  { data }: Pick<Secret, 'data'>,
  { now, dnsName }: { now: number; dnsName: string },
): ServingCertificate | RefusedCertificate {
  const cert = decoded(data?.['tls.crt']);
  const key = decoded(data?.['tls.key']);
  if (cert === '' && key === '') return { fault: 'Missing', problem: 'tls.crt and tls.key are missing' };
  if (cert === '' || key === '')
    return { fault: 'Incomplete', problem: `${cert === '' ? 'tls.crt' : 'tls.key'} is missing` };
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return { fault: 'OtherKey', problem: 'tls.key is not the key of tls.crt' };
    // As Go does: by its alternative names alone (crypto/x509, VerifyHostname).
    if (certificate.checkHost(dnsName, { subject: 'never' }) === undefined)
      return { fault: 'OtherName', problem: `tls.crt is not for ${dnsName}` };
    // What OpenSSL would refuse when it is set is better refused here.
    createSecureContext({ cert, key });
    const [from, until] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    if (now >= until)
      return { fault: 'Expired', problem: `tls.crt has expired on ${new Date(until).toISOString()}` };
    if (now < from) {
      const problem = `tls.crt is not valid before ${new Date(from).toISOString()}`;
      return { fault: 'NotYetValid', problem, goodFrom: from };
    }
    return { cert, key, expiresAt: until };
  } catch {
    // What was thrown may quote what was read.
    return { fault: 'Unreadable', problem: 'tls.crt or tls.key cannot be read' };
  }
}

function decoded(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}
