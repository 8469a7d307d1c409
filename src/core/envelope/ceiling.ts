/** What is not RBAC of a grant, within the ceiling of its class. */
import type { Envelope, TaskGrant } from '../../api/taskgrant.ts';
import type { Ceiling, TaskGrantClass } from '../../api/taskgrantclass.ts';
import { listed, type Violation } from '../decision/violation.ts';
import { normalAudience, renderAudience } from './audience.ts';
import { matchesGlob, parseGlob } from './glob.ts';

type Beyond = Pick<Violation, 'path' | 'asked' | 'allowed'>;

/**
 * Everything that the ceiling does not have. A class without one bounds nothing but RBAC; one with a ceiling has a word on
 * everything that an envelope can hold: what it does not name is not allowed.
 *
 * @param apiAudiences what the API server calls itself
 */
export function withinCeiling(
  { spec: { envelope, workload } }: Pick<TaskGrant, 'spec'>,
  { metadata, spec: { ceiling } }: Pick<TaskGrantClass, 'metadata' | 'spec'>,
  apiAudiences: readonly string[],
): Violation[] {
  if (!ceiling) return [];
  const beyond = [
    ...tokensBeyond(envelope.tokens, ceiling.tokens, apiAudiences),
    ...namesBeyond('spec.envelope.secrets', envelope.secrets, ceiling.secrets),
    ...certificatesBeyond(envelope.certificates, ceiling.certificates),
    ...namesBeyond('spec.envelope.csiDrivers', envelope.csiDrivers, ceiling.csiDrivers),
    ...valuesBeyond('spec.envelope.externalIdentity', envelope.externalIdentity, ceiling.externalIdentity),
    ...namesBeyond('spec.workload.deviceClasses', workload.deviceClasses, ceiling.deviceClasses),
  ];
  return beyond.map((one) => ({
    code: 'BeyondCeiling',
    ...one,
    fix: `ask for less, or use a class whose spec.ceiling has it: that of ${metadata.name} does not`,
  }));
}

function* namesBeyond(
  path: string,
  names: readonly string[] = [],
  patterns: readonly string[] = [],
): Generator<Beyond> {
  const globs = patterns.map(parseGlob);
  for (const [index, name] of names.entries()) {
    if (globs.some((glob) => matchesGlob(glob, name))) continue;
    yield { path: `${path}[${index}]`, asked: name, allowed: listed(patterns) };
  }
}

/** Of several entries for one audience the longest lifetime counts: each of them allows what it says. */
function* tokensBeyond(
  tokens: Envelope['tokens'] = [],
  allowed: Ceiling['tokens'] = [],
  apiAudiences: readonly string[],
): Generator<Beyond> {
  const isFor = audienceMatcher(apiAudiences);
  for (const [index, { audience, expirationSeconds }] of tokens.entries()) {
    const path = `spec.envelope.tokens[${index}]`;
    const entries = allowed.filter((entry) => isFor(entry.audience, audience));
    if (entries.length === 0) {
      yield {
        path: audience === undefined ? path : `${path}.audience`,
        asked: `a token for ${renderAudience(audience)}`,
        allowed: listed(allowed.map((entry) => renderAudience(entry.audience))),
      };
      continue;
    }
    const most = Math.max(...entries.map((entry) => entry.expirationSeconds));
    if (expirationSeconds > most) {
      yield {
        path: `${path}.expirationSeconds`,
        asked: `${expirationSeconds} s`,
        allowed: `${most} s for ${renderAudience(audience)}`,
      };
    }
  }
}

/** An omitted audience is the API server's own on both sides; a glob covers it where it matches one of its names. */
function audienceMatcher(apiAudiences: readonly string[]) {
  return (pattern: string | undefined, audience: string | undefined): boolean => {
    const normal = normalAudience(audience, apiAudiences);
    if (pattern === undefined) return normal === undefined;
    const glob = parseGlob(pattern);
    return (normal === undefined ? apiAudiences : [normal]).some((name) => matchesGlob(glob, name));
  };
}

type Certificate = NonNullable<Envelope['certificates']>[number];
type CertificateCeiling = NonNullable<Ceiling['certificates']>[number];

/** One entry has to allow all of a certificate; where none does, what is said is why the nearest one does not. */
function* certificatesBeyond(
  certificates: Envelope['certificates'] = [],
  allowed: Ceiling['certificates'] = [],
): Generator<Beyond> {
  for (const [index, certificate] of certificates.entries()) {
    const path = `spec.envelope.certificates[${index}]`;
    const ofSigner = allowed.filter(({ signerName }) =>
      matchesGlob(parseGlob(signerName), certificate.signerName),
    );
    if (ofSigner.length === 0) {
      yield {
        path: `${path}.signerName`,
        asked: certificate.signerName,
        allowed: listed(allowed.map(({ signerName }) => signerName)),
      };
      continue;
    }
    const [nearest = []] = ofSigner
      .map((entry) => [...certificateBeyond(path, certificate, entry)])
      .sort((a, b) => a.length - b.length);
    yield* nearest;
  }
}

function* certificateBeyond(
  path: string,
  { maxExpirationSeconds, userAnnotations }: Certificate,
  allowed: CertificateCeiling,
): Generator<Beyond> {
  if (maxExpirationSeconds > allowed.maxExpirationSeconds) {
    yield {
      path: `${path}.maxExpirationSeconds`,
      asked: `${maxExpirationSeconds} s`,
      allowed: `${allowed.maxExpirationSeconds} s`,
    };
  }
  yield* valuesBeyond(`${path}.userAnnotations`, userAnnotations, allowed.userAnnotations);
}

/** Keys are compared as they stand, values with globs. */
function* valuesBeyond(
  path: string,
  values: Readonly<Record<string, string>> = {},
  patterns: Readonly<Record<string, string>> = {},
): Generator<Beyond> {
  for (const [key, value] of Object.entries(values)) {
    const pattern = Object.hasOwn(patterns, key) ? patterns[key] : undefined;
    if (pattern !== undefined && matchesGlob(parseGlob(pattern), value)) continue;
    yield {
      path: `${path}[${key}]`,
      asked: `${key}: ${value}`,
      allowed: pattern === undefined ? listed(Object.keys(patterns)) : `${key}: ${pattern}`,
    };
  }
}
