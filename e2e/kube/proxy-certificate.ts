import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface ServerCertificate {
  /** PEM, as are all three; self-signed, so it is its own authority. */
  ca: string;
  certificate: string;
  key: string;
}

/** A certificate for one day and for these addresses, as the fault proxy shows it to its clients. */
export const createServerCertificate = async (addresses: readonly string[]): Promise<ServerCertificate> => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const notBefore = new Date(Date.now() - 60_000);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=fault-proxy',
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter: new Date(notBefore.getTime() + 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension(addresses.map((value) => ({ type: 'ip', value }))),
    ],
  });
  const pem = certificate.toString('pem');
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { ca: pem, certificate: pem, key };
};
