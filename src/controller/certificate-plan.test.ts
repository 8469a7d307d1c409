import { describe, expect, test } from 'vitest';
import {
  createAuthority,
  createLeaf,
  isSignedBy,
  readKeyPair,
  type KeyPair,
} from '../kube/certificate-authority.ts';
import { planCertificates, renewalOf, validityFrom, type CertificateState } from './certificate-plan.ts';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const HOUR = 3_600_000;
const LIFETIMES = { authority: 100 * HOUR, leaf: 10 * HOUR, overlap: 10_000 };
const NAMES = ['taskgrant-webhook.taskgrant-system.svc'] as const;

const authority: KeyPair = await createAuthority('ca', validityFrom(NOW, LIFETIMES.authority));
const authorityFacts = readKeyPair(authority);
const leaf = await createLeaf(authority, [...NAMES], validityFrom(NOW, LIFETIMES.leaf));
const leafFacts = readKeyPair(leaf);
if (!authorityFacts || !leafFacts) throw new Error('what was just made can be read');

const settled: CertificateState = {
  now: NOW + HOUR,
  authority: { ...authority, facts: authorityFacts },
  previous: undefined,
  leaf: { ...leafFacts, signedByCurrent: true, signedByTrusted: true },
  dnsNames: NAMES,
  bundles: [authority.certificate, authority.certificate],
};

const plan = (change: Partial<CertificateState>) => planCertificates({ ...settled, ...change }, LIFETIMES);

describe('what is done next about certificates', () => {
  test('nothing while all is well, until the leaf is to be renewed', () => {
    expect(plan({})).toEqual({ next: undefined, againAt: renewalOf(leafFacts) });
  });

  test('without a CA one is made', () => {
    expect(plan({ authority: undefined }).next).toEqual({ do: 'renewAuthority' });
  });

  test('a CA that has lived for two thirds of its life is renewed', () => {
    const due = renewalOf(authorityFacts);
    expect(plan({ now: due }).next).toEqual({ do: 'renewAuthority' });
    expect(plan({ now: due - 1 }).next).not.toEqual({ do: 'renewAuthority' });
  });

  test('trust is written before a leaf is issued', () => {
    const bundle = authority.certificate;
    expect(plan({ leaf: undefined, bundles: ['', ''] }).next).toEqual({ do: 'writeBundles', bundle });
    expect(plan({ leaf: undefined }).next).toEqual({ do: 'issueLeaf' });
  });

  test('a bundle that somebody has edited away comes back', () => {
    expect(plan({ bundles: [authority.certificate, ''] }).next).toMatchObject({ do: 'writeBundles' });
  });

  test('the CA before the current one stays trusted until it expires', () => {
    const previous = { certificate: 'the previous one', notAfter: NOW + 2 * HOUR };
    const bundle = authority.certificate + previous.certificate;
    expect(plan({ previous }).next).toEqual({ do: 'writeBundles', bundle });
    expect(plan({ previous, bundles: [bundle] }).next).toBeUndefined();
    expect(plan({ previous, bundles: [bundle], now: previous.notAfter }).next).toEqual({
      do: 'writeBundles',
      bundle: authority.certificate,
    });
  });

  test('a good leaf of the previous CA is replaced only when every API server can know the new one', () => {
    const old = { ...leafFacts, signedByCurrent: false, signedByTrusted: true };
    const settledAt = NOW + LIFETIMES.overlap;
    expect(plan({ leaf: old, now: settledAt - 1 })).toEqual({ next: undefined, againAt: settledAt });
    expect(plan({ leaf: old, now: settledAt }).next).toEqual({ do: 'issueLeaf' });
  });

  test.each([
    ['two thirds of its life are over', {}, renewalOf(leafFacts)],
    ['nobody trusts it', { signedByCurrent: false, signedByTrusted: false }, NOW + 1],
    ['it is for another name', { dnsNames: ['elsewhere'] }, NOW + HOUR],
    ['it has expired', { notAfter: NOW }, NOW + HOUR],
  ])('a leaf is replaced when %s', (_why, change, now) => {
    expect(
      plan({ leaf: { ...leafFacts, signedByCurrent: true, signedByTrusted: true, ...change }, now }).next,
    ).toEqual({
      do: 'issueLeaf',
    });
  });
});

describe('certificates', () => {
  test('a leaf is signed by its CA, and by no other of the same name', async () => {
    const other = await createAuthority('ca', validityFrom(NOW, LIFETIMES.authority));
    expect(isSignedBy(leaf.certificate, authority.certificate)).toBe(true);
    expect(isSignedBy(leaf.certificate, other.certificate)).toBe(false);
  });

  test('a leaf is for its names, and never outlives its CA', async () => {
    const long = await createLeaf(authority, [...NAMES], validityFrom(NOW, 1000 * HOUR));
    expect(readKeyPair(long)).toMatchObject({ dnsNames: NAMES, notAfter: authorityFacts.notAfter });
  });

  test.each([
    ['half of it is missing', { ...leaf, certificate: leaf.certificate.slice(0, 200) }],
    ['its key is another’s', { ...leaf, key: authority.key }],
    ['its key is missing', { certificate: leaf.certificate, key: undefined }],
    ['it is no certificate', { ...leaf, certificate: 'hello' }],
  ])('nothing is read where %s', (_why, pair) => {
    expect(readKeyPair(pair)).toBeUndefined();
  });
});
