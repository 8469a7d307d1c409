import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addresses, nodeName } from './layout.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Longer than anybody keeps a development cluster; there is no rotation. */
const LIFETIME_DAYS = 365;

interface Identity {
  readonly file: string;
  /** RFC 4514. The API server reads the user's name from CN and the groups from O. */
  readonly subject: string;
  readonly names?: readonly x509.JsonGeneralName[];
}

const dns = (value: string): x509.JsonGeneralName => ({ type: 'dns', value });
const ip = (value: string): x509.JsonGeneralName => ({ type: 'ip', value });

/** The users are those that Kubernetes' built-in roles are bound to (kubernetes.io/docs/setup/best-practices/certificates). */
const identities: readonly Identity[] = [
  {
    file: 'apiserver',
    subject: 'CN=kube-apiserver',
    names: [
      ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(dns),
      ...['127.0.0.1', addresses.node, addresses.apiService].map(ip),
    ],
  },
  { file: 'admin', subject: 'O=system:masters, CN=admin' },
  { file: 'kube-controller-manager', subject: 'CN=system:kube-controller-manager' },
  { file: 'kube-scheduler', subject: 'CN=system:kube-scheduler' },
  { file: 'kube-proxy', subject: 'CN=system:kube-proxy' },
  {
    file: 'kubelet',
    subject: `O=system:nodes, CN=system:node:${nodeName}`,
    names: [dns(nodeName), ip(addresses.node)],
  },
  { file: 'apiserver-to-kubelet', subject: 'O=system:masters, CN=kube-apiserver-kubelet-client' },
  { file: 'front-proxy', subject: 'CN=front-proxy-client' },
];

/** Writes a new certificate authority, the certificates of all parts, and the key that service account tokens are signed with. */
export async function writeCertificates(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const write = (file: string, content: string): void => {
    writeFileSync(join(directory, file), content, { mode: 0o600 });
  };
  const notBefore = new Date(Date.now() - 60_000);
  const notAfter = new Date(notBefore.getTime() + LIFETIME_DAYS * 86_400_000);
  const key = (): Promise<webcrypto.CryptoKeyPair> =>
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const pem = async (privateKey: webcrypto.CryptoKey): Promise<string> =>
    x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');

  const authorityKey = await key();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=taskgrant-cluster',
    keys: authorityKey,
    signingAlgorithm: algorithm,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  write('ca.crt', authority.toString('pem'));
  write('ca.key', await pem(authorityKey.privateKey));

  await Promise.all(
    identities.map(async ({ file, subject, names }) => {
      const keys = await key();
      const certificate = await x509.X509CertificateGenerator.create({
        subject,
        issuer: authority.subject,
        publicKey: keys.publicKey,
        signingKey: authorityKey.privateKey,
        signingAlgorithm: algorithm,
        notBefore,
        notAfter,
        extensions: [
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
            x509.ExtendedKeyUsage.clientAuth,
          ]),
          ...(names ? [new x509.SubjectAlternativeNameExtension([...names])] : []),
        ],
      });
      write(`${file}.crt`, certificate.toString('pem'));
      write(`${file}.key`, await pem(keys.privateKey));
    }),
  );

  // RSA, because that is what clusters in the field sign with, and tools that read the tokens expect RS256.
  const tokens = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  write('service-accounts.key', tokens.privateKey);
  write('service-accounts.pub', tokens.publicKey);
}
