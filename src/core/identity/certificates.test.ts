import { expect, test } from 'vitest';
import type { Volume } from '../../api/kubernetes.ts';
import { aPod, withVolume } from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';
import type { ProjectedSource } from './volumes.ts';

const withSource = (source: ProjectedSource) => aPod(withVolume({ projected: { sources: [source] } }));
const at = 'spec.volumes[0].projected.sources[0]';

test('a certificate has a signer, a kind of key, a life and annotations', () => {
  const podCertificate = {
    signerName: 'example.com/workload',
    keyType: 'ED25519',
    maxExpirationSeconds: 3600,
    userAnnotations: { 'example.com/team': 'support' },
  };
  expect(requestsOf(withSource({ podCertificate }), 'Certificate')).toEqual([
    [`${at}.podCertificate`, podCertificate],
  ]);
});

test('a certificate lives for a day, and has no annotations, where the source says nothing', () => {
  const podCertificate = { signerName: 'example.com/workload', keyType: 'ED25519' };
  expect(requestsOf(withSource({ podCertificate }), 'Certificate')).toEqual([
    [`${at}.podCertificate`, { ...podCertificate, maxExpirationSeconds: 86_400, userAnnotations: {} }],
  ]);
});

test('a certificate without a signer is one', () => {
  const podCertificate = { userAnnotations: null } as unknown as ProjectedSource['podCertificate'] & object;
  expect(requestsOf(withSource({ podCertificate }), 'Certificate')).toMatchObject([
    [`${at}.podCertificate`, { signerName: '', keyType: '', userAnnotations: {} }],
  ]);
});

test.each<[string, ProjectedSource['clusterTrustBundle'] & object, string]>([
  ['its signer', { signerName: 'example.com/ca', path: 'ca.crt' }, 'example.com/ca'],
  ['its name', { name: 'bundle', path: 'ca.crt' }, 'bundle'],
  ['neither', { path: 'ca.crt' }, ''],
])('a trust bundle is found by %s', (_, clusterTrustBundle, value) => {
  expect(requestsOf(withSource({ clusterTrustBundle }), 'TrustBundle')).toEqual([
    [`${at}.clusterTrustBundle`, value],
  ]);
});

test('both are found where one volume has both', () => {
  const sources: NonNullable<Volume['projected']>['sources'] = [
    { podCertificate: { signerName: 'a/b', keyType: 'RSA3072' } },
    { clusterTrustBundle: { name: 'a', path: 'ca' } },
  ];
  const pod = aPod(withVolume({ projected: { sources } }));
  expect([...requestsOf(pod, 'Certificate'), ...requestsOf(pod, 'TrustBundle')]).toHaveLength(2);
});
