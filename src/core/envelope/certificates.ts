import { listed, type Violation } from '../decision/violation.ts';
import type { RequestRule } from './rule.ts';

/**
 * A certificate is of a signer of the envelope, lives no longer than it says there, and carries no annotation but those of the
 * envelope: nobody verifies what they say, and it cannot be revoked (KEP-4317).
 */
export const certificateWithinEnvelope: RequestRule<'Certificate'> = function* ({ value, path }, { grant }) {
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
  const [fewest = []] = ofSigner
    .map((granted) => [...within(granted, { value, path })])
    .sort((a, b) => a.length - b.length);
  yield* fewest;
};

interface GrantedCertificate {
  maxExpirationSeconds: number;
  userAnnotations?: Record<string, string>;
}

function* within(
  { maxExpirationSeconds: most, userAnnotations: granted = {} }: GrantedCertificate,
  { value, path }: Pick<Parameters<typeof certificateWithinEnvelope>[0], 'value' | 'path'>,
): Generator<Violation> {
  if (value.maxExpirationSeconds > most) {
    yield {
      code: 'CertificateLivesTooLong',
      path: `${path}.maxExpirationSeconds`,
      asked: `${value.maxExpirationSeconds} s`,
      allowed: `${most} s`,
      fix: `set maxExpirationSeconds: ${most}`,
    };
  }
  for (const [key, annotation] of Object.entries(value.userAnnotations)) {
    if (Object.hasOwn(granted, key) && granted[key] === annotation) continue;
    yield {
      code: 'CertificateNotGranted',
      path: `${path}.userAnnotations[${key}]`,
      asked: annotation,
      allowed: Object.hasOwn(granted, key) ? (granted[key] ?? '') : listed(Object.keys(granted)),
      fix: 'drop the annotation, or name it with its value in spec.envelope.certificates of a new grant',
    };
  }
}
