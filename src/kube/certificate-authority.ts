/** Makes and reads the certificates of the webhook: ECDSA P-256, our own CA. */
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** What OpenSSL calls P-256. */
const CURVE = 'prime256v1';

/** A certificate and its private key, PEM both (PKCS #8). */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** From when to when, in milliseconds since the epoch. */
export interface Validity {
  notBefore: number;
  notAfter: number;
}

/** What the plan has to know of a certificate. */
export interface CertificateFacts extends Validity {
  /** As OpenSSL writes it: `CN=taskgrant-webhook-ca`. */
  subject: string;
  dnsNames: readonly string[];
  /** Whether it may sign others (RFC 5280, 4.2.1.9). */
  isAuthority: boolean;
  /** Of its key, as OpenSSL calls it; undefined where it is no elliptic one. */
  curve: string | undefined;
}

/** A new CA, good for nothing but signing leaves: no intermediate may come under it (RFC 5280, 4.2.1.9). */
export async function createAuthority(name: string, validity: Validity): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(validity.notBefore),
    notAfter: new Date(validity.notAfter),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await toPem(certificate, keys.privateKey);
}

/** A server certificate for these names, signed by the CA; it never outlives the CA. */
export async function createLeaf(
  authority: KeyPair,
  dnsNames: readonly [string, ...string[]],
  validity: Validity,
): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(authority.key).export({ format: 'der', type: 'pkcs8' }),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${dnsNames[0]}`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(validity.notBefore),
    notAfter: new Date(Math.min(validity.notAfter, issuer.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return await toPem(certificate, keys.privateKey);
}

/** The facts of a certificate; undefined where the text is none, half of one, or does not go with its key. */
export function readKeyPair({
  certificate,
  key,
}: Record<keyof KeyPair, string | undefined>): CertificateFacts | undefined {
  if (certificate === undefined || key === undefined) return undefined;
  try {
    const parsed = new X509Certificate(certificate);
    return parsed.checkPrivateKey(createPrivateKey(key)) ? factsOf(parsed) : undefined;
  } catch {
    return undefined;
  }
}

/** The certificate of a CA with its key, where `createLeaf` can sign with it; undefined where it is anything else. */
export function readAuthority(
  pair: Record<keyof KeyPair, string | undefined>,
): (CertificateFacts & Pick<KeyPair, 'certificate'>) | undefined {
  const facts = readKeyPair(pair);
  const [first] = readBundle(pair.certificate ?? '');
  return facts?.isAuthority && facts.curve === CURVE ? first : undefined;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Every certificate of a bundle, in its order, PEM with one line end at its end; what is none is left out. */
export function readBundle(bundle: string): (CertificateFacts & Pick<KeyPair, 'certificate'>)[] {
  return [...bundle.matchAll(PEM_CERTIFICATE)].flatMap(([pem]) => {
    try {
      return [{ ...factsOf(new X509Certificate(pem)), certificate: `${pem}\n` }];
    } catch {
      return [];
    }
  });
}

/** Whether the CA signed the certificate: names and signature both. */
export function isSignedBy(certificate: string, authority: string): boolean {
  try {
    const [leaf, issuer] = [new X509Certificate(certificate), new X509Certificate(authority)];
    return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return {
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    subject: certificate.subject,
    isAuthority: certificate.ca,
    curve: certificate.publicKey.asymmetricKeyDetails?.namedCurve,
    dnsNames: names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice('DNS:'.length)),
  };
}

async function toPem(certificate: x509.X509Certificate, privateKey: webcrypto.CryptoKey): Promise<KeyPair> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  return {
    // One line end at the end, so that a bundle is a concatenation.
    certificate: `${certificate.toString('pem').trim()}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY').trim()}\n`,
  };
}
