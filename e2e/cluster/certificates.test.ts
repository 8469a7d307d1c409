import { X509Certificate, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCertificates } from './certificates.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'taskgrant-certificates-'));
  await writeCertificates(directory);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const file = (name: string): string => readFileSync(join(directory, name), 'utf8');
const certificate = (name: string): X509Certificate => new X509Certificate(file(`${name}.crt`));

test('every certificate is issued by the authority, and belongs to the key beside it', () => {
  const authority = certificate('ca');
  expect(authority.ca).toBe(true);
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.crt'))
    .map((name) => name.slice(0, -'.crt'.length));
  expect(names).toHaveLength(9);
  for (const name of names) {
    expect(certificate(name).verify(authority.publicKey), name).toBe(true);
    expect(certificate(name).checkPrivateKey(createPrivateKey(file(`${name}.key`))), name).toBe(true);
  }
});

test('the API server can be called by every address that it has', () => {
  const served = certificate('apiserver');
  for (const host of ['localhost', 'kubernetes.default.svc']) expect(served.checkHost(host)).toBe(host);
  for (const address of ['127.0.0.1', '10.250.0.1', '10.251.0.1'])
    expect(served.checkIP(address)).toBe(address);
});

test('users and groups are those that the built-in roles are bound to', () => {
  expect(certificate('admin').subject).toBe('O=system:masters\nCN=admin');
  expect(certificate('kubelet').subject).toBe('O=system:nodes\nCN=system:node:node-1');
});

test('service account tokens are signed with RSA of 2048 bits', () => {
  const key = createPrivateKey(file('service-accounts.key'));
  expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
  const signature = sign('sha256', Buffer.from('token'), key);
  const published = createPublicKey(file('service-accounts.pub'));
  expect(verify('sha256', Buffer.from('token'), published, signature)).toBe(true);
});

test('nobody but the owner can read a key', () => {
  for (const name of readdirSync(directory))
    expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
});
