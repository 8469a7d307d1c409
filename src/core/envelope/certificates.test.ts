import { describe, expect, test } from 'vitest';
import type { Envelope } from '../../api/taskgrant.ts';
import { aGrant, aPod, withEnvelope, withVolume } from '../testing/builders.ts';
import { judge } from '../testing/judging.ts';

type Granted = NonNullable<Envelope['certificates']>;
interface Asked {
  signerName?: string;
  maxExpirationSeconds?: number;
  userAnnotations?: Record<string, string>;
}

const signerName = 'example.com/workload';
const at = 'spec.volumes[0].projected.sources[0].podCertificate';
const judged = (asked: Asked, ...certificates: Granted) => {
  const podCertificate = { signerName, keyType: 'ED25519', ...asked };
  const pod = aPod(withVolume({ projected: { sources: [{ podCertificate }] } }));
  return judge(pod, aGrant(withEnvelope({ certificates })));
};
const HOUR = { signerName, maxExpirationSeconds: 3600 };

test('a certificate of a signer of the envelope, which lives no longer, is granted', () => {
  expect(judged({ maxExpirationSeconds: 3600 }, HOUR)).toEqual([]);
  expect(judged({}, { ...HOUR, maxExpirationSeconds: 86_400 })).toEqual([]);
});

test('a certificate of another signer is refused, and those of the envelope are named', () => {
  expect(judged({ signerName: 'example.com/other' }, HOUR)).toEqual([
    {
      code: 'CertificateNotGranted',
      path: `${at}.signerName`,
      asked: 'example.com/other',
      allowed: signerName,
      fix: 'add the signer to spec.envelope.certificates of a new grant, or drop this volume source',
    },
  ]);
  expect(judged({})).toMatchObject([{ code: 'CertificateNotGranted', allowed: 'nothing' }]);
  for (const other of ['', 'example.com', `${signerName}/`, 'EXAMPLE.com/workload', 'example.com/*']) {
    expect(judged({ signerName: other }, HOUR)).toHaveLength(1);
  }
});

test('a certificate that lives longer is refused; a day is what it lives where it does not say', () => {
  expect(judged({ maxExpirationSeconds: 3601 }, HOUR)).toEqual([
    {
      code: 'CertificateLivesTooLong',
      path: `${at}.maxExpirationSeconds`,
      asked: '3601 s',
      allowed: '3600 s',
      fix: 'set maxExpirationSeconds: 3600',
    },
  ]);
  expect(judged({}, HOUR)).toMatchObject([{ code: 'CertificateLivesTooLong', asked: '86400 s' }]);
});

describe('an annotation for the signer', () => {
  const granted = { ...HOUR, userAnnotations: { 'example.com/team': 'support' } };
  const annotated = (userAnnotations: Record<string, string>) =>
    judged({ maxExpirationSeconds: 3600, userAnnotations }, granted);

  test('is granted with its value, and may be left out', () => {
    expect(annotated({ 'example.com/team': 'support' })).toEqual([]);
    expect(annotated({})).toEqual([]);
  });

  test('is refused with another value, or another key', () => {
    expect(annotated({ 'example.com/team': 'admins', 'example.com/role': 'x' })).toMatchObject([
      {
        code: 'CertificateNotGranted',
        path: `${at}.userAnnotations[example.com/team]`,
        asked: 'admins',
        allowed: 'support',
      },
      { path: `${at}.userAnnotations[example.com/role]`, asked: 'x', allowed: 'example.com/team' },
    ]);
  });

  test('is refused by a name that every object has', () => {
    const odd = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
    expect(annotated(odd)).toHaveLength(2);
  });

  test('is refused where the envelope has none', () => {
    expect(judged({ maxExpirationSeconds: 600, userAnnotations: { a: '' } }, HOUR)).toMatchObject([
      { asked: '', allowed: 'nothing' },
    ]);
  });
});

test('of several entries for a signer the one by which least is wrong speaks', () => {
  const day = { ...HOUR, maxExpirationSeconds: 86_400, userAnnotations: { a: 'b' } };
  expect(judged({ maxExpirationSeconds: 86_400 }, HOUR, day)).toEqual([]);
  expect(
    judged({ maxExpirationSeconds: 86_400, userAnnotations: { a: 'b', c: 'd' } }, HOUR, day),
  ).toMatchObject([{ path: `${at}.userAnnotations[c]` }]);
});
