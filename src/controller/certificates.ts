/**
 * Keeps the webhook's certificate good and trusted: the CA in a Secret that only the controller reads, the leaf in one that
 * the webhook reads, and the CA's certificate in our webhook configurations. Observe, plan, do one thing, look again.
 */
import type {
  MutatingWebhookConfiguration,
  ObjectMeta,
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
  readAuthority,
  readBundle,
  readKeyPair,
} from '../kube/certificate-authority.ts';
import {
  beliefAfter,
  isAsPlanned,
  planCertificates,
  validityFrom,
  type Absence,
  type Belief,
  type CertificateAction,
  type CertificateLifetimes,
  type CertificateState,
} from './certificate-plan.ts';
import type { CertificateMetrics } from './metrics.ts';
import { releaseMarks } from './release-marks.ts';

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
  metrics: CertificateMetrics;
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
  let belief: Belief | undefined;
  return async (_key, signal) => {
    const state = observe(options, parts);
    belief = beliefAfter(belief, state);
    const { next, againAt } = planCertificates(state, belief, options.lifetimes);
    if (next) {
      try {
        if (await carryOut(next, options, parts, signal)) announce(next, parts);
      } catch (error) {
        // Another controller was faster, or the cache is behind: what comes of it is seen soon.
        if (!isConflict(error)) throw error;
      }
    }
    // What was written comes back by the watch; were it lost, this is the look that finds it.
    return { requeueAfterMs: Math.max(1000, againAt - parts.now()) };
  };
}

/** What nobody has planned is the work of somebody who writes what is ours, or of a clock that jumped. */
function announce(action: CertificateAction, { logger, metrics }: Parts): void {
  if (action.do === 'writeBundles') {
    metrics.bundles.inc();
    logger.info('wrote the CA into the webhook configurations');
    return;
  }
  const what = action.do === 'renewAuthority' ? 'CA' : 'certificate';
  const { because } = action;
  metrics.made.inc({ what, because });
  // As a fresh installation has it, something is missing, too.
  const level = isAsPlanned(because) || because === 'Missing' ? 'info' : 'warn';
  logger[level](`made a new ${what} for the webhook`, { because });
}

function observe(options: CertificateOptions, { readers, now }: Parts): CertificateState {
  const { namespace, caSecret, tlsSecret, webhookService, webhookConfiguration } = options;
  const ca = dataOf(readers.ca.get(`${namespace}/${caSecret}`));
  const tls = dataOf(readers.tls.get(`${namespace}/${tlsSecret}`));
  const signing = { certificate: ca['ca.crt'], key: ca['ca.key'] };
  const authority = readAuthority(signing) ?? absence(signing);
  const previous = readBundle(`${ca['ca.crt'] ?? ''}\n${ca['previous.crt'] ?? ''}`).filter(
    ({ certificate, isAuthority }) =>
      isAuthority && (typeof authority === 'string' || certificate !== authority.certificate),
  );
  const pair = { certificate: tls['tls.crt'], key: tls['tls.key'] };
  const facts = readKeyPair(pair);
  const known = [...(typeof authority === 'string' ? [] : [authority]), ...previous];
  const signer = known.find(({ certificate }) => isSignedBy(pair.certificate ?? '', certificate));
  const bundles = [readers.mutating.get(webhookConfiguration), readers.validating.get(webhookConfiguration)]
    .filter((configuration) => configuration !== undefined)
    .flatMap(bundlesOf);
  return {
    now: now(),
    authority,
    previous,
    believed: readBundle([...new Set(bundles)].join('\n')).filter(
      ({ isAuthority, subject }) => isAuthority && subject === `CN=${nameOfAuthority(webhookService)}`,
    ),
    leaf: facts ? { ...facts, signedBy: signer?.certificate } : absence(pair),
    dnsNames: dnsNamesOf(webhookService, namespace),
    bundles,
  };
}

/** Half of a pair is no absence: somebody has taken the other. */
function absence(pair: { certificate: string | undefined; key: string | undefined }): Absence {
  return (pair.certificate ?? '') === '' && (pair.key ?? '') === '' ? 'Missing' : 'Unreadable';
}

/** @returns whether it was done: not where the cache proved to be behind */
async function carryOut(
  action: CertificateAction,
  options: CertificateOptions,
  { client, readers, now }: Parts,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace, caSecret, tlsSecret, webhookService, lifetimes } = options;
  const ca = readers.ca.get(`${namespace}/${caSecret}`);
  const marks = releaseMarks([...readers.mutating.list(), ...readers.validating.list()][0]?.metadata ?? {});
  switch (action.do) {
    case 'renewAuthority': {
      const name = nameOfAuthority(webhookService);
      const created = await createAuthority(name, validityFrom(now(), lifetimes.authority));
      await writeSecret(client, ca, { namespace, name: caSecret, ...marks }, signal, {
        'ca.crt': created.certificate,
        'ca.key': created.key,
        'previous.crt': action.previous.map(({ certificate }) => certificate).join(''),
      });
      return true;
    }
    case 'issueLeaf': {
      const { 'ca.crt': certificate = '', 'ca.key': key = '' } = dataOf(ca);
      const leaf = await createLeaf(
        { certificate, key },
        dnsNamesOf(webhookService, namespace),
        validityFrom(now(), lifetimes.leaf),
      );
      const existing = readers.tls.get(`${namespace}/${tlsSecret}`);
      await writeSecret(client, existing, { namespace, name: tlsSecret, ...marks }, signal, {
        'tls.crt': leaf.certificate,
        'tls.key': leaf.key,
        'ca.crt': certificate,
      });
      return true;
    }
    case 'writeBundles': {
      // What a bundle would lose may be a CA that another leader has just made, and that this cache has not heard of.
      const fieldSelector = `metadata.name=${caSecret}`;
      const { items } = await client.list(secrets, { namespace }, { fieldSelector, signal });
      if (items[0]?.data?.['ca.crt'] !== ca?.data?.['ca.crt']) return false;
      const { mutating, validating } = readers;
      await writeBundles(client, mutatingWebhookConfigurations, mutating.list(), action.bundle, signal);
      await writeBundles(client, validatingWebhookConfigurations, validating.list(), action.bundle, signal);
      return true;
    }
  }
}

/** Guarded by the version that was read where the Secret exists: two leaders for a moment must not both make a CA. */
async function writeSecret(
  client: Client,
  existing: Stored<Secret> | undefined,
  metadata: ObjectMeta & { namespace: string; name: string },
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
  const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
  const { namespace, name } = metadata;
  await client.patch(secrets, { namespace, name }, { type: 'apply', body }, { signal });
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
    if (bundlesOf(configuration).every((trusted) => trusted === bundle)) continue;
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

function nameOfAuthority(service: string): string {
  return `${service}-ca`;
}
