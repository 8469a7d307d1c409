import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  createAuthority,
  createLeaf,
  isSignedBy,
  readAuthority,
  readBundle,
  readKeyPair,
  type KeyPair,
} from '../kube/certificate-authority.ts';
import {
  beliefAfter,
  faultOfLifetimes,
  LIFETIMES as DEFAULT_LIFETIMES,
  planCertificates,
  renewalOf,
  validityFrom,
  type CertificateState,
} from './certificate-plan.ts';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const HOUR = 3_600_000;
const LIFETIMES = { authority: 100 * HOUR, leaf: 10 * HOUR, overlap: 10_000 };
const NAMES = ['taskgrant-webhook.taskgrant-system.svc'] as const;

const authority: KeyPair = await createAuthority('ca', validityFrom(NOW, LIFETIMES.authority));
const authorityFacts = readKeyPair(authority);
const leaf = await createLeaf(authority, [...NAMES], validityFrom(NOW, LIFETIMES.leaf));
const leafFacts = readKeyPair(leaf);
if (!authorityFacts || !leafFacts) throw new Error('what was just made can be read');

const current = { certificate: authority.certificate, ...validityFrom(NOW, LIFETIMES.authority) };
const good = { ...leafFacts, signedBy: current.certificate };
const settled: CertificateState = {
  now: NOW + HOUR,
  authority: current,
  previous: [],
  believed: [current],
  leaf: good,
  dnsNames: NAMES,
  bundles: [current.certificate, current.certificate],
};

const plan = (change: Partial<CertificateState>, since = NOW) =>
  planCertificates({ ...settled, ...change }, { certificate: current.certificate, since }, LIFETIMES);

const older = {
  certificate: 'the one before',
  notBefore: NOW - 100 * HOUR,
  notAfter: NOW + 2 * HOUR,
};
const both = current.certificate + older.certificate;

describe('what is done next about certificates', () => {
  test('nothing while all is well, until the leaf is to be renewed', () => {
    expect(plan({})).toEqual({ next: undefined, againAt: renewalOf(leafFacts) });
  });

  test.each([
    ['there is none', 'Missing', 'Missing'],
    ['it cannot be read', 'Unreadable', 'Unreadable'],
    ['it has expired', { ...current, notAfter: NOW + HOUR }, 'NotValid'],
    ['it is not valid yet', { ...current, notBefore: NOW + HOUR + 1 }, 'NotValid'],
    ['two thirds of its life are over', { ...current, notAfter: NOW + HOUR + 1 }, 'Due'],
  ] as const)('a new CA is made where %s', (_why, its, because) => {
    expect(plan({ authority: its }).next).toMatchObject({ do: 'renewAuthority', because });
  });

  test('a CA that lives longer than any of ours is believed by nobody, wherever it was written', () => {
    const forever = { certificate: 'somebody’s', notBefore: NOW, notAfter: NOW + 100 * 365 * 24 * HOUR };
    const bundles = [current.certificate + forever.certificate];
    expect(plan({ previous: [forever], bundles }).next).toEqual({
      do: 'writeBundles',
      bundle: current.certificate,
    });
    expect(plan({ authority: 'Missing', believed: [forever, current] }).next).toMatchObject({
      do: 'renewAuthority',
      previous: [current],
    });
  });

  test('nothing where there is no webhook configuration, as when the release is being removed', () => {
    for (const gone of [{}, { authority: 'Missing', leaf: 'Missing' }] as const)
      expect(plan({ ...gone, bundles: [] }).next).toBeUndefined();
  });

  test('a CA is renewed when two thirds of its life are over, and not before', () => {
    const due = Math.ceil(renewalOf(current));
    const young = { ...good, notAfter: due + HOUR };
    expect(plan({ now: due, leaf: young }).next).toMatchObject({ do: 'renewAuthority', because: 'Due' });
    expect(plan({ now: due - 1, leaf: young }).next).not.toMatchObject({ do: 'renewAuthority' });
  });

  test('a new CA is preceded by all that are still believed', () => {
    const expired = { ...older, certificate: 'expired', notAfter: NOW };
    const authority = { ...current, notAfter: NOW + HOUR + 1 };
    expect(plan({ authority, previous: [older, expired], bundles: [both] }).next).toMatchObject({
      do: 'renewAuthority',
      previous: [authority, older],
    });
  });

  test('where the Secret of the CA is lost, those that bundles have stay believed', () => {
    expect(plan({ authority: 'Missing', believed: [current, older, current] }).next).toMatchObject({
      previous: [current, older],
    });
  });

  test('however often a Secret is lost, bundles stay small', () => {
    const previous = Array.from({ length: 20 }, (_, index) => ({ ...older, certificate: `CA ${index}` }));
    expect(plan({ authority: 'Unreadable', previous }).next).toMatchObject({
      previous: previous.slice(0, 8),
    });
  });

  test('trust is written before a leaf is issued', () => {
    const bundle = authority.certificate;
    expect(plan({ leaf: 'Missing', bundles: ['', ''] }).next).toEqual({ do: 'writeBundles', bundle });
    expect(plan({ leaf: 'Missing' }).next).toEqual({ do: 'issueLeaf', because: 'Missing' });
  });

  test('a bundle that somebody has edited away comes back', () => {
    expect(plan({ bundles: [authority.certificate, ''] }).next).toMatchObject({ do: 'writeBundles' });
  });

  test('a CA stays trusted until it expires', () => {
    expect(plan({ previous: [older] }).next).toEqual({ do: 'writeBundles', bundle: both });
    expect(plan({ previous: [older], bundles: [both] })).toEqual({
      next: undefined,
      againAt: older.notAfter,
    });
    expect(plan({ previous: [older], bundles: [both], now: older.notAfter }).next).toEqual({
      do: 'writeBundles',
      bundle: current.certificate,
    });
  });

  test('a good leaf of an older CA is replaced only when the new one has been seen everywhere for long enough', () => {
    const old = { ...good, signedBy: older.certificate };
    const waiting = { previous: [older], bundles: [both], leaf: old };
    const signsAt = settled.now + LIFETIMES.overlap;
    expect(plan(waiting, settled.now)).toEqual({ next: undefined, againAt: signsAt });
    expect(plan({ ...waiting, now: signsAt }, settled.now).next).toEqual({
      do: 'issueLeaf',
      because: 'NewAuthority',
    });
  });

  test('nor does a leaf that is broken make a new CA sign too soon: replicas may serve a good one still', () => {
    const waiting = { previous: [older], bundles: [both], leaf: 'Unreadable' } as const;
    expect(plan(waiting, settled.now).next).toBeUndefined();
    expect(plan(waiting, settled.now - LIFETIMES.overlap).next).toEqual({
      do: 'issueLeaf',
      because: 'Unreadable',
    });
  });

  test('a leaf that is broken is mended by the CA that is trusted, before that is renewed', () => {
    const authority = { ...current, notAfter: NOW + HOUR + 1 };
    expect(plan({ authority, leaf: 'Missing' }).next).toEqual({ do: 'issueLeaf', because: 'Missing' });
  });

  test('nor does it stay where it is the one that signs', () => {
    const forever = { certificate: 'somebody’s', notBefore: NOW, notAfter: NOW + 100 * 365 * 24 * HOUR };
    const bundles = [forever.certificate, forever.certificate];
    expect(plan({ authority: forever, bundles, believed: [forever] }).next).toEqual({
      do: 'renewAuthority',
      because: 'Untrusted',
      previous: [],
    });
  });

  test('a leaf that somebody’s CA has signed is trusted no more than that CA', () => {
    const forever = { certificate: 'somebody’s', notBefore: NOW, notAfter: NOW + 100 * 365 * 24 * HOUR };
    const leaf = { ...good, signedBy: forever.certificate };
    expect(plan({ previous: [forever], leaf }).next).toEqual({ do: 'issueLeaf', because: 'Untrusted' });
  });

  test.each([
    ['two thirds of its life are over', {}, renewalOf(leafFacts), 'Due'],
    ['nobody trusts it', { signedBy: undefined }, NOW + 1, 'Untrusted'],
    ['it is for another name', { dnsNames: ['elsewhere'] }, NOW + HOUR, 'WrongName'],
    ['it has expired', { notAfter: NOW }, NOW + HOUR, 'NotValid'],
    ['it is not valid yet', { notBefore: NOW + 2 * HOUR }, NOW + HOUR, 'NotValid'],
  ])('a leaf is replaced when %s', (_why, change, now, because) => {
    expect(plan({ leaf: { ...good, ...change }, now }).next).toEqual({ do: 'issueLeaf', because });
  });
});

describe('since when a CA is believed', () => {
  const { certificate } = current;

  test('is when every bundle was first seen with it', () => {
    expect(beliefAfter(undefined, settled)).toEqual({ certificate, since: settled.now });
    expect(beliefAfter({ certificate, since: NOW }, settled)).toEqual({ certificate, since: NOW });
  });

  test('is counted anew when one was seen without it, and for another CA', () => {
    const before = { certificate, since: NOW };
    expect(beliefAfter(before, { ...settled, bundles: [certificate, ''] })).toBeUndefined();
    expect(beliefAfter({ ...before, certificate: 'another' }, settled)).toEqual({
      certificate,
      since: settled.now,
    });
    expect(beliefAfter(before, { ...settled, authority: 'Missing' })).toBeUndefined();
  });

  test('is not in the future, where the clock was put back', () => {
    expect(beliefAfter({ certificate, since: NOW + 5 * HOUR }, settled)).toEqual({
      certificate,
      since: settled.now,
    });
  });
});

describe('lifetimes', () => {
  const seconds = (authority: number, leaf: number, overlap: number) => ({
    authority: authority * 1000,
    leaf: leaf * 1000,
    overlap: overlap * 1000,
  });

  test('go together by default, and when they are of seconds', () => {
    expect(faultOfLifetimes(DEFAULT_LIFETIMES)).toBeUndefined();
    expect(faultOfLifetimes(seconds(36, 12, 2))).toBeUndefined();
  });

  test.each([
    [seconds(100, 30, 1), 'an overlap of 1s is too short'],
    [seconds(100, 11, 2), 'a certificate has to live for 6 times the overlap of 2s'],
    [seconds(35, 12, 2), 'a CA has to live for 3 times the 12s of its certificates'],
  ])('are refused where nobody could keep to them without a gap: %o', (lifetimes, word) => {
    expect(faultOfLifetimes(lifetimes)).toContain(word);
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

  test('a CA signs whichever way its key is written', async () => {
    const key = String(createPrivateKey(authority.key).export({ type: 'sec1', format: 'pem' }));
    expect(key).toContain('BEGIN EC PRIVATE KEY');
    expect(readAuthority({ ...authority, key })?.certificate).toBe(authority.certificate);
    const signed = await createLeaf({ ...authority, key }, [...NAMES], validityFrom(NOW, LIFETIMES.leaf));
    expect(isSignedBy(signed.certificate, authority.certificate)).toBe(true);
  });

  test.each([
    ['may sign no other', leaf],
    ['has another one’s key', { ...authority, key: leaf.key }],
    ['has none', { ...authority, key: undefined }],
  ])('what %s is no CA', (_why, pair) => {
    expect(readAuthority(pair)).toBeUndefined();
  });

  test('a bundle is read one by one, and what is no certificate is left out', async () => {
    const other = await createAuthority('other', validityFrom(NOW, LIFETIMES.authority));
    const broken = other.certificate.replace(/\n[^-]{20}/, '\n');
    const bundle = `a word before\n${authority.certificate}${broken}\r\n${other.certificate}-----BEGIN CERT`;
    expect(readBundle(bundle)).toMatchObject([
      { certificate: authority.certificate, subject: 'CN=ca', isAuthority: true, curve: 'prime256v1' },
      { certificate: other.certificate, subject: 'CN=other' },
    ]);
    expect(readBundle(leaf.certificate)).toMatchObject([{ isAuthority: false, dnsNames: NAMES }]);
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
