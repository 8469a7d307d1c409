/**
 * Keeps the webhook's certificate good and trusted: the CA in a Secret that only the controller reads, the leaf in one that
 * the webhook reads, and the CA's certificate in our webhook configurations. Observe, plan, do one thing, look again.
 */
import type {
  MutatingWebhookConfiguration,
  Secret,
  Stored,
  ValidatingWebhookConfiguration,
} from '../api/kubernetes.ts';
import { isConflict } from '../kube/api-error.ts';
import type { Client, JsonPatchOperation } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import { createReader, type Reader } from '../kube/reader.ts';
import type { ReaderMetrics } from '../kube/metrics.ts';
import type { Reconciler } from '../kube/reconciler.ts';
import {
  mutatingWebhookConfigurations,
  secrets,
  validatingWebhookConfigurations,
  type Resource,
} from '../kube/resources.ts';
import {
  createAuthority,
  createLeaf,
  isSignedBy,
  readCertificate,
  readKeyPair,
} from '../kube/certificate-authority.ts';
import {
  planCertificates,
  validityFrom,
  type CertificateAction,
  type CertificateLifetimes,
  type CertificateState,
} from './certificate-plan.ts';

export interface CertificateOptions {
  /** The product's own namespace. */
  namespace: string;
  /** The Secret of the CA, and the Secret of the webhook. */
  caSecret: string;
  tlsSecret: string;
  /** The Service of the webhook, and the name of both webhook configurations. */
  webhookService: string;
  webhookConfiguration: string;
  lifetimes: CertificateLifetimes;
}

type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export interface CertificateReaders {
  ca: Reader<Secret>;
  tls: Reader<Secret>;
  mutating: Reader<MutatingWebhookConfiguration>;
  validating: Reader<ValidatingWebhookConfiguration>;
}

interface Parts {
  client: Client;
  logger: Logger;
  readers: CertificateReaders;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Four objects, each by name: that is all that the controller may read of their kinds. */
export function createCertificateReaders(
  { namespace, caSecret, tlsSecret, webhookConfiguration }: CertificateOptions,
  client: Client,
  logger: Logger,
  metrics: ReaderMetrics,
): CertificateReaders {
  const named = (name: string) => ({ client, logger, metrics, fieldSelector: `metadata.name=${name}` });
  return {
    ca: createReader({ ...named(caSecret), resource: secrets, namespace }),
    tls: createReader({ ...named(tlsSecret), resource: secrets, namespace }),
    mutating: createReader({ ...named(webhookConfiguration), resource: mutatingWebhookConfigurations }),
    validating: createReader({ ...named(webhookConfiguration), resource: validatingWebhookConfigurations }),
  };
}

/** There is one key, so whatever changes, the whole is looked at. */
export const CERTIFICATES_KEY = 'certificates';

export function createCertificateReconciler(options: CertificateOptions, parts: Parts): Reconciler {
  return async (_key, signal) => {
    const state = observe(options, parts);
    const { next, againAt } = planCertificates(state, options.lifetimes);
    if (next) {
      parts.logger.info('certificates', { action: next.do });
      try {
        await carryOut(next, state, options, parts, signal);
      } catch (error) {
        // Another controller was faster, or the cache is behind: what comes of it is seen soon.
        if (!isConflict(error)) throw error;
      }
    }
    // What was written comes back by the watch; were it lost, this is the look that finds it.
    return { requeueAfterMs: Math.max(1000, againAt - parts.now()) };
  };
}

function observe(options: CertificateOptions, { readers, now }: Parts): CertificateState {
  const { namespace, caSecret, tlsSecret, webhookService, webhookConfiguration } = options;
  const ca = dataOf(readers.ca.get(`${namespace}/${caSecret}`));
  const tls = dataOf(readers.tls.get(`${namespace}/${tlsSecret}`));
  const current = { certificate: ca['ca.crt'], key: ca['ca.key'] };
  const facts = readKeyPair(current);
  const previous = previousOf(ca['previous.crt']);
  const leaf = readKeyPair({ certificate: tls['tls.crt'], key: tls['tls.key'] });
  const signedBy = (authority: string | undefined) =>
    authority !== undefined && isSignedBy(tls['tls.crt'] ?? '', authority);
  return {
    now: now(),
    authority: facts && { certificate: current.certificate ?? '', key: current.key ?? '', facts },
    previous,
    leaf: leaf && {
      ...leaf,
      signedByCurrent: signedBy(current.certificate),
      signedByTrusted: signedBy(current.certificate) || signedBy(previous?.certificate),
    },
    dnsNames: dnsNamesOf(webhookService, namespace),
    bundles: [readers.mutating.get(webhookConfiguration), readers.validating.get(webhookConfiguration)]
      .filter((configuration) => configuration !== undefined)
      .flatMap(bundlesOf),
  };
}

async function carryOut(
  action: CertificateAction,
  state: CertificateState,
  options: CertificateOptions,
  parts: Parts,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, caSecret, tlsSecret, webhookService, lifetimes } = options;
  const { client, readers, now } = parts;
  switch (action.do) {
    case 'renewAuthority': {
      const created = await createAuthority(`${webhookService}-ca`, validityFrom(now(), lifetimes.authority));
      const previous = state.authority?.certificate;
      await writeSecret(
        client,
        readers.ca.get(`${namespace}/${caSecret}`),
        { namespace, name: caSecret },
        signal,
        {
          'ca.crt': created.certificate,
          'ca.key': created.key,
          ...(previous !== undefined && { 'previous.crt': previous }),
        },
      );
      return;
    }
    case 'issueLeaf': {
      if (!state.authority) throw new Error('a leaf is planned only where there is a CA');
      const leaf = await createLeaf(
        state.authority,
        dnsNamesOf(webhookService, namespace),
        validityFrom(now(), lifetimes.leaf),
      );
      await writeSecret(
        client,
        readers.tls.get(`${namespace}/${tlsSecret}`),
        { namespace, name: tlsSecret },
        signal,
        {
          'tls.crt': leaf.certificate,
          'tls.key': leaf.key,
          'ca.crt': state.authority.certificate,
        },
      );
      return;
    }
    case 'writeBundles':
      await writeBundles(
        client,
        mutatingWebhookConfigurations,
        readers.mutating.list(),
        action.bundle,
        signal,
      );
      await writeBundles(
        client,
        validatingWebhookConfigurations,
        readers.validating.list(),
        action.bundle,
        signal,
      );
  }
}

/** Guarded by the version that was read where the Secret exists: two leaders for a moment must not both make a CA. */
async function writeSecret(
  client: Client,
  existing: Stored<Secret> | undefined,
  place: { namespace: string; name: string },
  signal: AbortSignal,
  values: Record<string, string>,
): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  if (existing) {
    await client.replace(secrets, { ...existing, data }, { signal });
    return;
  }
  // By apply, because the controller may create these two names only, and a POST has no name to judge by.
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: place, type: 'Opaque', data };
  await client.patch(secrets, place, { type: 'apply', body }, { signal });
}

async function writeBundles<T extends WebhookConfiguration>(
  client: Client,
  resource: Resource<T>,
  configurations: readonly Stored<T>[],
  bundle: string,
  signal: AbortSignal,
): Promise<void> {
  const caBundle = Buffer.from(bundle).toString('base64');
  for (const configuration of configurations) {
    const { name, resourceVersion } = configuration.metadata;
    // The version is tested, so that an index means the webhook that was read.
    const body: JsonPatchOperation[] = [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      ...(configuration.webhooks ?? []).map((_webhook, index) => ({
        op: 'add' as const,
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: caBundle,
      })),
    ];
    await client.patch(resource, { name }, { type: 'json', body }, { signal });
  }
}

function bundlesOf({ webhooks }: WebhookConfiguration): string[] {
  return (webhooks ?? []).map(({ clientConfig }) =>
    Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
  );
}

function dnsNamesOf(service: string, namespace: string): [string, ...string[]] {
  return [
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.cluster.local`,
    `${service}.${namespace}`,
  ];
}

function dataOf(secret: Secret | undefined): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

function previousOf(certificate: string | undefined): CertificateState['previous'] {
  const facts = certificate === undefined ? undefined : readCertificate(certificate);
  return certificate === undefined || !facts ? undefined : { certificate, notAfter: facts.notAfter };
}
