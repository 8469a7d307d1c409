/** The webhook process: caches, reviewers, and the server around them. */
import type { Registry } from 'prom-client';
import type { Namespace } from '../api/kubernetes.ts';
import { externalKeys, type ExternalKey } from '../core/identity/external-identity.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import type { KubeMetrics } from '../kube/metrics.ts';
import type { Reader } from '../kube/reader.ts';
import { createCaches, type Caches } from './caches.ts';
import { watchClientAuthorities, type ClientAuthorities } from './client-authorities.ts';
import {
  createAccessFacts,
  createClassFacts,
  createNamespaceFacts,
  createPodFacts,
} from './cluster-facts.ts';
import type { Facts } from './facts.ts';
import { createGrantFacts } from './grant-facts.ts';
import { createLookups } from './lookups.ts';
import { createWebhookMetrics } from './metrics.ts';
import { routesFor } from './routes.ts';
import { serveWebhook, type WebhookServer } from './server.ts';
import { createCertificateSource } from './tls.ts';

export interface WebhookOptions {
  /** Where admission reviews are served; 0 takes any free port. */
  port: number;
  /** The Secret with the serving certificate. */
  tlsSecret: { namespace: string; name: string };
  /** By which the API server calls: `<service>.<namespace>.svc`. */
  dnsName: string;
  /** How long a pod's creation waits for its grant to become active, in milliseconds. */
  holdMs: number;
  /** What the API server calls itself: see kube/api-audiences.ts. */
  apiAudiences: readonly string[];
  /** Keys of other identity systems besides those that are known: see external-identity.ts. */
  externalKeys: readonly ExternalKey[];
  /** Who may bind task pods to nodes, by user name. */
  schedulers: readonly string[];
  /** By what callers are known: a file with the authorities of their certificates, and the names that these may have. Everybody may call, where omitted. */
  clients?: { authoritiesFile: string; names: readonly string[] } | undefined;
}

export interface WebhookParts {
  client: Client;
  logger: Logger;
  registry: Registry;
  kubeMetrics: KubeMetrics;
}

export interface RunningWebhook {
  /** Why the process is not ready, in words; undefined when it is. */
  notReady(): string | undefined;
  /** Resolves with the port as soon as reviews are served; never, where the signal is aborted before. */
  listening: Promise<number>;
  /** Resolves when everything has come to its end after the signal was aborted. @throws where it could not begin */
  done: Promise<void>;
}

type Running = Pick<Reader<Namespace>, 'start' | 'stop' | 'waitForSync'>;

/** What the webhook configurations give a call beyond a hold, and at least (timeoutSeconds). */
const TIME_BEYOND_HOLD_MS = 2000;
const SHORTEST_TIMEOUT_MS = 10_000;

/** For answers that are on their way when the last call ends. */
const TIME_TO_SEND_MS = 3000;

/** How long requests are waited for at the end: after that, whoever still waits has been given up by the API server. */
const closeDeadline = (holdMs: number): number =>
  Math.max(SHORTEST_TIMEOUT_MS, holdMs + TIME_BEYOND_HOLD_MS) + TIME_TO_SEND_MS;

/** Starts the caches at once, and serves as soon as they are filled and there is a certificate. */
export function runWebhook(
  options: WebhookOptions,
  parts: WebhookParts,
  signal: AbortSignal,
): RunningWebhook {
  const { client, logger, registry, kubeMetrics } = parts;
  const now = () => Date.now();
  const metrics = createWebhookMetrics(registry);
  const keys = externalKeys(options.externalKeys);
  const caches = createCaches(client, logger, kubeMetrics.reader, keys);
  const certificates = createCertificateSource({
    client,
    ...options.tlsSecret,
    dnsName: options.dnsName,
    logger,
    readerMetrics: kubeMetrics.reader,
    metrics: metrics.certificate,
    now,
  });
  const facts: Facts = {
    grants: createGrantFacts({ client, cache: caches.grants, metrics, now }),
    classes: createClassFacts(client, caches),
    pods: createPodFacts(client, caches),
    namespaces: createNamespaceFacts(client, caches),
    access: createAccessFacts(client),
    apiAudiences: options.apiAudiences,
    lookups: createLookups(client, caches),
    externalKeys: keys,
    schedulers: options.schedulers,
    now,
  };
  const listening = Promise.withResolvers<number>();
  let server: WebhookServer | undefined;

  const all: Running[] = Object.values(caches) as Running[];
  const serve = async (): Promise<void> => {
    for (const cache of all) cache.start();
    certificates.start();
    let authorities: ClientAuthorities | undefined;
    try {
      if (options.clients)
        authorities = await watchClientAuthorities(options.clients.authoritiesFile, logger);
      await Promise.all(all.map((cache) => cache.waitForSync(signal)));
      const certificate = await certificates.first(signal);
      const serving = await serveWebhook({
        port: options.port,
        certificate,
        routes: routesFor(facts, options),
        metrics,
        logger,
        clients: authorities && { authorities: authorities.current(), names: options.clients?.names ?? [] },
      });
      server = serving;
      certificates.onChange((next) => {
        serving.setCertificate(next);
      });
      authorities?.onChange((next) => {
        serving.setClientAuthorities(next);
      });
      // One that came while the server was being started.
      serving.setCertificate(certificates.current() ?? certificate);
      if (authorities) serving.setClientAuthorities(authorities.current());
      logger.info('serving admission reviews', { port: serving.port, apiAudiences: options.apiAudiences });
      listening.resolve(serving.port);
      await aborted(signal);
      await serving.close(closeDeadline(options.holdMs));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      authorities?.stop();
      await Promise.all([...all.map((cache) => cache.stop()), certificates.stop()]);
    }
  };

  return {
    listening: listening.promise,
    done: serve(),
    notReady: () => {
      if (signal.aborted) return 'shutting down';
      const waiting = unsynced(caches);
      if (waiting.length > 0) return `waiting for the first list of ${waiting.join(', ')}`;
      const certificate = certificates.current();
      if (!certificate) return 'waiting for the serving certificate';
      if (certificate.expiresAt <= now()) return 'the serving certificate has expired';
      return server ? undefined : 'starting';
    },
  };
}

function unsynced(caches: Caches): string[] {
  return Object.entries(caches)
    .filter(([, cache]: [string, { hasSynced(): boolean }]) => !cache.hasSynced())
    .map(([name]) => name);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}
