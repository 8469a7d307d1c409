import type { TaskGrant } from '../../api/taskgrant.ts';
import { listed, type Violation } from '../decision/violation.ts';
import type { PodCertificate } from '../identity/request.ts';
import type { RequestRule } from './rule.ts';

/**
 * A certificate is of a signer of the envelope, lives no longer than it says there, and carries no annotation but those of the
 * envelope: nobody verifies what they say, and it cannot be revoked (KEP-4317).
 */
export const certificateWithinEnvelope: RequestRule<'Certificate'> = ({ value, path }, { grant }) =>
  certificateViolations({ value, path, annotations: 'userAnnotations' }, grant);

/** The same of what is asked for in any form. */
export function* certificateViolations(
  { value, path, annotations }: Asked,
  grant: Pick<TaskGrant, 'spec'>,
): Generator<Violation> {
  const certificates = grant.spec.envelope.certificates ?? [];
  const ofSigner = certificates.filter(({ signerName }) => signerName === value.signerName);
  if (ofSigner.length === 0) {
    yield {
      code: 'CertificateNotGranted',
      path: `${path}.signerName`,
      asked: value.signerName,
      allowed: listed(certificates.map(({ signerName }) => signerName)),
      fix: 'add the signer to spec.envelope.certificates of a new grant, or drop this volume source',
    };
    return;
  }
  // The entry by which least is wrong speaks for the signer.
  const [fewest] = ofSigner
    .map((granted) => wrongBy(granted, value))
    .sort((one, other) => countOf(one) - countOf(other));
  if (fewest) yield* violationsOf(fewest, { value, path, annotations });
}

interface GrantedCertificate {
  maxExpirationSeconds: number;
  userAnnotations?: Record<string, string>;
}

interface Asked {
  value: Omit<PodCertificate, 'keyType'>;
  path: string;
  /** The field that has the annotations. */
  annotations: string;
}

/** What of a certificate an entry does not grant. A pod may have many thousands of annotations: no text is made of them yet. */
interface Wrong {
  granted: GrantedCertificate;
  livesTooLong: boolean;
  /** Of annotations. */
  keys: readonly string[];
}

function wrongBy(
  granted: GrantedCertificate,
  { maxExpirationSeconds, userAnnotations }: Asked['value'],
): Wrong {
  const { userAnnotations: allowed = {} } = granted;
  return {
    granted,
    livesTooLong: maxExpirationSeconds > granted.maxExpirationSeconds,
    keys: Object.keys(userAnnotations).filter(
      (key) => !Object.hasOwn(allowed, key) || allowed[key] !== userAnnotations[key],
    ),
  };
}

function countOf({ livesTooLong, keys }: Wrong): number {
  return keys.length + (livesTooLong ? 1 : 0);
}

function* violationsOf(
  { granted, livesTooLong, keys }: Wrong,
  { value, path, annotations }: Asked,
): Generator<Violation> {
  const { maxExpirationSeconds: most, userAnnotations: allowed = {} } = granted;
  if (livesTooLong) {
    yield {
      code: 'CertificateLivesTooLong',
      path: `${path}.maxExpirationSeconds`,
      asked: `${value.maxExpirationSeconds} s`,
      allowed: `${most} s`,
      fix: `set maxExpirationSeconds: ${most}`,
    };
  }
  const names = listed(Object.keys(allowed));
  for (const key of keys) {
    yield {
      code: 'CertificateNotGranted',
      path: `${path}.${annotations}[${key}]`,
      asked: value.userAnnotations[key] ?? '',
      allowed: Object.hasOwn(allowed, key) ? (allowed[key] ?? '') : names,
      fix: 'drop the annotation, or name it with its value in spec.envelope.certificates of a new grant',
    };
  }
}
