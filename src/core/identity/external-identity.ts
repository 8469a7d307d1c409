/** Other identity systems: what of a pod or its account they go by. */
import type { ObjectMeta } from '../../api/kubernetes.ts';
import type { IdentityRequest } from './request.ts';

/** Where a system looks. */
export const PLACES = ['annotation', 'label', 'account'] as const;
export type Place = (typeof PLACES)[number];

/** One key, or with a `*` at its end all that begin so. */
export interface ExternalKey {
  /** An annotation or a label of the pod, or an annotation of its service account. */
  on: Place;
  key: string;
  /** Whose it is. */
  system: string;
  /** Values with which it switches the thing off. */
  off?: readonly string[];
}

/** As Go's strconv.ParseBool reads them. */
const FALSE: readonly string[] = ['false', 'False', 'FALSE', 'f', 'F', '0'];

const AZURE = 'Azure Workload Identity';
const EKS = 'EKS IAM roles for service accounts';
const KUBE2IAM = 'kube2iam and kiam';
const VAULT = 'Vault’s agent injector';
const ALIBABA = 'Alibaba Cloud RRSA';

/** Known systems; each as its own documentation says. The chart's values can add to them. */
export const EXTERNAL_KEYS: readonly ExternalKey[] = [
  { on: 'label', key: 'azure.workload.identity/use', system: AZURE, off: FALSE },
  { on: 'annotation', key: 'azure.workload.identity/inject-proxy-sidecar', system: AZURE, off: FALSE },
  { on: 'annotation', key: 'azure.workload.identity/service-account-token-expiration', system: AZURE },
  { on: 'account', key: 'azure.workload.identity/*', system: AZURE },
  { on: 'label', key: 'aadpodidbinding', system: 'AAD Pod Identity' },
  { on: 'account', key: 'eks.amazonaws.com/*', system: EKS },
  { on: 'annotation', key: 'iam.amazonaws.com/*', system: KUBE2IAM },
  { on: 'account', key: 'iam.gke.io/*', system: 'GKE Workload Identity' },
  { on: 'annotation', key: 'vault.hashicorp.com/agent-inject', system: VAULT, off: FALSE },
  { on: 'annotation', key: 'vault.hashicorp.com/*', system: VAULT },
  { on: 'annotation', key: 'vault.security.banzaicloud.io/*', system: 'Bank-Vaults' },
  { on: 'annotation', key: 'secrets-webhook.security.bank-vaults.io/*', system: 'Bank-Vaults' },
  { on: 'annotation', key: 'pod-identity.alibabacloud.com/*', system: ALIBABA },
  { on: 'label', key: 'pod-identity.alibabacloud.com/*', system: ALIBABA },
  { on: 'account', key: 'pod-identity.alibabacloud.com/*', system: ALIBABA },
  { on: 'annotation', key: 'operator.1password.io/*', system: '1Password' },
  { on: 'annotation', key: 'conjur.org/*', system: 'CyberArk Conjur' },
  { on: 'annotation', key: 'akeyless/*', system: 'Akeyless' },
  { on: 'annotation', key: 'org.infisical.com/*', system: 'Infisical' },
  { on: 'annotation', key: 'spiffe.io/*', system: 'SPIRE' },
  { on: 'label', key: 'spiffe.io/*', system: 'SPIRE' },
];

/**
 * A key as the chart's values and flags say it: `annotation:example.com/role`, `label:example.com/*`, `account:…`.
 *
 * @throws Error that says what is wrong with it
 */
export function parseExternalKey(text: string): ExternalKey {
  const colon = text.indexOf(':');
  const [where, key] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  const on = PLACES.find((each) => each === where);
  if (!on) throw new Error(`${text} does not begin with ${PLACES.map((each) => `${each}:`).join(', ')}`);
  if (!/^[^*\s]+\*?$/.test(key)) throw new Error(`${text} names no key, which may have one * at its end`);
  return { on, key, system: 'a system of the chart’s values' };
}

/** A list of keys, ready to be asked. */
export interface ExternalKeys {
  /** The entry for a key, where it is one of a system's: the exact one before one for all that begin so. */
  find(on: Place, key: string): ExternalKey | undefined;
  /** Whether any system goes by the key, wherever it looks. */
  isKnown(key: string): boolean;
}

/** The known systems' keys, and more. */
export function externalKeys(more: readonly ExternalKey[] = []): ExternalKeys {
  const all = [...EXTERNAL_KEYS, ...more];
  const exact = new Map(all.filter(({ key }) => !key.endsWith('*')).map((entry) => [place(entry), entry]));
  const prefixes = all.filter(({ key }) => key.endsWith('*'));
  const find: ExternalKeys['find'] = (on, key) =>
    exact.get(place({ on, key })) ??
    prefixes.find((entry) => entry.on === on && key.startsWith(entry.key.slice(0, -1)));
  return { find, isKnown: (key) => PLACES.some((on) => find(on, key) !== undefined) };
}

function place({ on, key }: Pick<ExternalKey, 'on' | 'key'>): string {
  return `${on}:${key}`;
}

type Annotations = Readonly<Record<string, string>>;

/** Of an account's annotations, those by which a system knows it, whatever they say. */
export function annotationsOfIdentity(
  annotations: Annotations | undefined,
  more: readonly ExternalKey[],
): Record<string, string> {
  const entries = Object.entries(annotations ?? {});
  // Nearly every account has none, and what is read here is every account of every grant.
  if (entries.length === 0) return {};
  const keys = externalKeys(more);
  return Object.fromEntries(entries.filter(([key]) => keys.find('account', key) !== undefined));
}

/** By annotations and labels of the pod, and annotations of its service account. */
export function* externalIdentities(
  { annotations, labels }: Pick<ObjectMeta, 'annotations' | 'labels'>,
  accountAnnotations: Annotations,
  keys: ExternalKeys,
): Generator<IdentityRequest<'ExternalIdentity'>> {
  yield* recognised('annotation', annotations, 'metadata.annotations', keys);
  yield* recognised('label', labels, 'metadata.labels', keys);
  yield* recognised('account', accountAnnotations, 'serviceAccount.metadata.annotations', keys);
}

function* recognised(
  on: Place,
  entries: Annotations | undefined,
  path: string,
  keys: ExternalKeys,
): Generator<IdentityRequest<'ExternalIdentity'>> {
  for (const [key, value] of Object.entries(entries ?? {})) {
    const known = keys.find(on, key);
    if (!known || known.off?.includes(value)) continue;
    yield { kind: 'ExternalIdentity', value: { system: known.system, key, value }, path: `${path}[${key}]` };
  }
}
