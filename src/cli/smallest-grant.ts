/** The smallest TaskGrant under which a pod would be admitted, as its author would write it. */
import { API_VERSION } from '../api/group.ts';
import {
  EXTENDED_TOKEN_SECONDS,
  MAX_TOKEN_SECONDS,
  MIN_CERTIFICATE_SECONDS,
  MIN_TOKEN_SECONDS,
  MOST_PODS,
} from '../api/taskgrant.ts';
import { normalAudience } from '../core/envelope/audience.ts';
import { parseImage } from '../core/envelope/image-reference.ts';
import type { IdentityRequest, RequestKind } from '../core/identity/request.ts';
import { DEFAULT_TOKEN_SECONDS } from '../core/identity/tokens.ts';
import type { PodCount } from './pod-count.ts';

/** A TaskGrant without what the API server fills in. */
export interface AuthoredGrant {
  apiVersion: typeof API_VERSION;
  kind: 'TaskGrant';
  metadata: { name: string; namespace?: string };
  spec: {
    task: { intent: string };
    workload: { images: string[]; deviceClasses?: string[]; maxPods?: number };
    envelope: {
      tokens?: { name: string; audience?: string; expirationSeconds?: number }[];
      secrets?: string[];
      certificates?: {
        signerName: string;
        maxExpirationSeconds?: number;
        userAnnotations?: Record<string, string>;
      }[];
      csiDrivers?: string[];
      externalIdentity?: Record<string, string>;
    };
    duration: string;
    completion?: { succeeded: number };
  };
}

/** What only the author can say. */
export const INTENT_TO_BE_SAID = 'Say here what the task is for';

export interface GrantBasis {
  name: string;
  /** Undefined where it is left open. */
  namespace: string | undefined;
  duration: string;
  /** Everything that the pod asks for. */
  requests: readonly IdentityRequest[];
  count: PodCount;
  /** What the API server calls itself. */
  apiAudiences: readonly string[];
}

/** What no grant can hold, or this one need not, is not in it: judging the pod by it tells. */
export function smallestGrant(basis: GrantBasis): AuthoredGrant {
  const { name, namespace, duration, requests, count } = basis;
  const drivers = of(requests, 'CsiDriver').filter(({ value }) => value.by === 'inline' || value.mints);
  const devices = of(requests, 'Device').map(({ value }) => value);
  const secrets = of(requests, 'Secret').map(({ value }) => value);
  const identities = of(requests, 'ExternalIdentity').map(
    ({ value: { key, value } }) => [key, value] as const,
  );
  const maxPods = Math.min(MOST_PODS, count.pods);
  return {
    apiVersion: API_VERSION,
    kind: 'TaskGrant',
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    spec: {
      task: { intent: INTENT_TO_BE_SAID },
      workload: {
        images: unique(of(requests, 'Image').map(({ value }) => value)).filter(parseImage),
        ...list('deviceClasses', unique(devices)),
        ...(maxPods > 1 && { maxPods }),
      },
      envelope: {
        ...list('tokens', tokensFor(basis)),
        // A reference without a name is valid to the API server, and there is no such Secret.
        ...list(
          'secrets',
          unique(secrets).filter((secret) => secret !== ''),
        ),
        ...list('certificates', certificatesFor(requests)),
        ...list('csiDrivers', unique(drivers.map(({ value }) => value.name))),
        ...(identities.length > 0 && { externalIdentity: Object.fromEntries(identities) }),
      },
      duration,
      ...(count.succeeded > 1 && { completion: { succeeded: Math.min(MOST_PODS, count.succeeded) } }),
    },
  };
}

type Tokens = NonNullable<AuthoredGrant['spec']['envelope']['tokens']>;

/** One for each audience, with the longest life that is asked for. What is mounted by default is one for the API server. */
function tokensFor({ requests, apiAudiences }: GrantBasis): Tokens {
  const longest = new Map<string | undefined, number>();
  const ask = (audience: string | undefined, seconds: number) => {
    const normal = normalAudience(audience, apiAudiences);
    longest.set(normal, Math.max(seconds, longest.get(normal) ?? 0));
  };
  if (of(requests, 'Automount').some(({ value }) => value !== false)) ask(undefined, MIN_TOKEN_SECONDS);
  for (const { value } of [...of(requests, 'Token'), ...of(requests, 'DriverToken')]) {
    ask(value.audience, value.expirationSeconds);
  }
  const names = new Set<string>();
  return [...longest].map(([audience, asked]) => {
    const seconds = grantable(asked);
    return {
      name: freeName(audience === undefined ? 'api' : nameFor(audience), names),
      ...(audience !== undefined && { audience }),
      ...(seconds !== MIN_TOKEN_SECONDS && { expirationSeconds: seconds }),
    };
  });
}

/** The lifetime, or the next one that a grant can hold. */
function grantable(seconds: number): number {
  if (seconds === EXTENDED_TOKEN_SECONDS) return DEFAULT_TOKEN_SECONDS;
  return Math.min(MAX_TOKEN_SECONDS, Math.max(MIN_TOKEN_SECONDS, seconds));
}

/** A DNS label that reminds of the audience: `vault-example` for `https://vault.example`. */
function nameFor(audience: string): string {
  const words = audience
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return words === '' || words === 'api' ? 'token' : words;
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}

type Certificates = NonNullable<AuthoredGrant['spec']['envelope']['certificates']>;

/** One entry for each signer and set of annotations: an entry speaks for a certificate as a whole. */
function certificatesFor(requests: readonly IdentityRequest[]): Certificates {
  const longest = new Map<string, Certificates[number] & { maxExpirationSeconds: number }>();
  for (const { value } of of(requests, 'Certificate')) {
    const { signerName, userAnnotations } = value;
    const key = JSON.stringify([signerName, Object.entries(userAnnotations).sort()]);
    const before = longest.get(key)?.maxExpirationSeconds ?? MIN_CERTIFICATE_SECONDS;
    longest.set(key, {
      signerName,
      maxExpirationSeconds: Math.max(before, value.maxExpirationSeconds),
      ...(Object.keys(userAnnotations).length > 0 && { userAnnotations: { ...userAnnotations } }),
    });
  }
  return [...longest.values()].map(({ maxExpirationSeconds, ...certificate }) => ({
    ...certificate,
    ...(maxExpirationSeconds !== MIN_CERTIFICATE_SECONDS && { maxExpirationSeconds }),
  }));
}

type OfKind<Kind extends RequestKind> = Extract<IdentityRequest, { kind: Kind }>;

function of<Kind extends RequestKind>(requests: readonly IdentityRequest[], kind: Kind): OfKind<Kind>[] {
  return requests.filter((request): request is OfKind<Kind> => request.kind === kind);
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** The field, unless there would be nothing in it. */
function list<Name extends string, Item>(name: Name, items: Item[]): Partial<Record<Name, Item[]>> {
  return items.length > 0 ? ({ [name]: items } as Partial<Record<Name, Item[]>>) : {};
}
