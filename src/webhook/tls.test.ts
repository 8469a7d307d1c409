import { describe, expect, test } from 'vitest';
import { createAuthority, createLeaf, type KeyPair } from '../kube/certificate-authority.ts';
import { certificateIn } from './tls.ts';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const validity = { notBefore: NOW, notAfter: NOW + 3_600_000 };
const authority = await createAuthority('ca', validity);
const leaf = await createLeaf(authority, ['webhook.svc'], validity);
const other = await createLeaf(authority, ['webhook.svc'], validity);

const secretOf = ({ certificate, key }: Partial<KeyPair>) => ({
  data: {
    ...(certificate !== undefined && { 'tls.crt': Buffer.from(certificate).toString('base64') }),
    ...(key !== undefined && { 'tls.key': Buffer.from(key).toString('base64') }),
  },
});

test('a certificate with its key is served until it ends', () => {
  expect(certificateIn(secretOf(leaf), NOW)).toEqual({
    cert: leaf.certificate,
    key: leaf.key,
    expiresAt: validity.notAfter,
  });
});

describe('a Secret is refused', () => {
  const half = leaf.certificate.slice(0, leaf.certificate.length / 2);
  test.each([
    ['that is empty', {}, 'tls.crt or tls.key is missing'],
    ['without a key', { certificate: leaf.certificate }, 'tls.crt or tls.key is missing'],
    ['without a certificate', { key: leaf.key }, 'tls.crt or tls.key is missing'],
    ['with half a certificate', { ...leaf, certificate: half }, 'tls.crt or tls.key cannot be read'],
    ['with no PEM', { ...leaf, key: 'secret' }, 'tls.crt or tls.key cannot be read'],
    ['with another one’s key', { ...leaf, key: other.key }, 'tls.key is not the key of tls.crt'],
  ])('%s', (_, contents, problem) => {
    expect(certificateIn(secretOf(contents), NOW)).toEqual({ problem });
  });

  test('whose certificate has expired, or is not valid yet', () => {
    expect(certificateIn(secretOf(leaf), validity.notAfter)).toEqual({
      problem: 'tls.crt has expired on 2026-11-23T10:00:00.000Z',
    });
    expect(certificateIn(secretOf(leaf), NOW - 1)).toEqual({
      problem: 'tls.crt is not valid before 2026-11-23T09:00:00.000Z',
    });
  });

  test('that has no data at all', () => {
    expect(certificateIn({}, NOW)).toEqual({ problem: 'tls.crt or tls.key is missing' });
  });
});
