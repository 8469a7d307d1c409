/**
 * What guards grants from outside, as the chart installs it: the webhook configurations, and the policies of the floor with what binds
 * them. Whoever may edit one takes away what it holds; so what they say is compared with what was installed.
 */
import type { KubernetesObject, ObjectMeta } from '../../api/kubernetes.ts';

export const GUARD_KINDS = [
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
] as const;
export type GuardKind = (typeof GUARD_KINDS)[number];

type Fields = Readonly<Record<string, unknown>>;

/** One of them, as it stands in a manifest or in the API server. */
export interface Guard {
  apiVersion: string;
  kind: GuardKind;
  metadata: ObjectMeta;
  /** Of a webhook configuration. */
  webhooks?: unknown;
  /** Of a policy or a binding. */
  spec?: unknown;
}

/** Guards by what they are called: see {@link nameOfGuard}. */
export type Guards = ReadonlyMap<string, Guard>;

export function nameOfGuard({ kind, metadata }: Pick<KubernetesObject, 'kind' | 'metadata'>): string {
  return `${kind} ${metadata.name ?? ''}`;
}

/** The guards among the objects of a manifest. */
export function guardsAmong(objects: readonly KubernetesObject[]): Guards {
  return new Map(
    objects
      .filter((object): object is Guard => (GUARD_KINDS as readonly string[]).includes(object.kind))
      .map((guard) => [nameOfGuard(guard), guard]),
  );
}

/** Without a webhook no pod, token or grant is judged. What the floor refuses is watched besides (docs/decisions/0023-watched.md). */
export function isOfEnforcement({ kind }: Pick<KubernetesObject, 'kind'>): boolean {
  return (ENFORCING_KINDS as readonly string[]).includes(kind);
}

export const ENFORCING_KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

/**
 * What a guard says, the same for one that was written and for one that the API server has filled in (admissionregistration.k8s.io/v1,
 * SetDefaults). Not its labels and annotations, by which nothing is judged.
 */
export function contentOf({ kind, webhooks, spec }: Guard): Fields {
  switch (kind) {
    case 'MutatingWebhookConfiguration':
      return {
        webhooks: byName(webhooks, (webhook) => ({ reinvocationPolicy: 'Never', ...filled(webhook) })),
      };
    case 'ValidatingWebhookConfiguration':
      return { webhooks: byName(webhooks, filled) };
    case 'ValidatingAdmissionPolicy': {
      const { matchConstraints } = fieldsOf(spec);
      return {
        spec: {
          failurePolicy: 'Fail',
          ...fieldsOf(spec),
          matchConstraints: {
            ...SELECTS_EVERYTHING,
            ...withScopes(fieldsOf(matchConstraints), 'resourceRules'),
          },
        },
      };
    }
    case 'ValidatingAdmissionPolicyBinding':
      return { spec };
  }
}

const SELECTS_EVERYTHING = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} };

/** In no order: a configuration calls all of its webhooks. */
function byName(webhooks: unknown, content: (webhook: Fields) => Fields): Fields {
  return Object.fromEntries(
    listOf(webhooks).map((webhook) => [String(webhook['name']), content(webhook)] as const),
  );
}

function filled(webhook: Fields): Fields {
  // The CA bundle is written by the controller, and anew where somebody has changed it (controller/certificates.ts).
  const { service, url } = fieldsOf(webhook['clientConfig']);
  return {
    failurePolicy: 'Fail',
    ...SELECTS_EVERYTHING,
    timeoutSeconds: 10,
    ...withScopes(webhook, 'rules'),
    clientConfig: {
      ...(url !== undefined && { url }),
      ...(service !== undefined && { service: { port: 443, ...fieldsOf(service) } }),
    },
  };
}

function withScopes(fields: Fields, rules: 'rules' | 'resourceRules'): Fields {
  return { ...fields, [rules]: listOf(fields[rules]).map((rule) => ({ scope: '*', ...rule })) };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
