import { describe, expect, test } from 'vitest';
import {
  aGrant,
  aRunningPod,
  GRANT_ACCOUNT,
  KUBELET,
  NAMESPACE,
  NOW,
  withEnvelope,
  withGrantSpec,
  withStatus,
} from '../testing/builders.ts';
import { API_AUDIENCE } from '../testing/judging.ts';
import { judgeCertificate, type CertificateIssue } from './judge-certificate.ts';

const SIGNER = 'example.com/workload';
const certified = withEnvelope({ certificates: [{ signerName: SIGNER, maxExpirationSeconds: 3600 }] });

const pod = aRunningPod();

/** What is wrong with it, where it is what the kubelet of the pod asks for but for what is said. */
function judged({
  spec,
  ...more
}: Partial<Omit<CertificateIssue, 'spec'>> & { spec?: Partial<CertificateIssue['spec']> } = {}) {
  return judgeCertificate({
    spec: {
      signerName: SIGNER,
      podName: 'summarise',
      podUID: 'uid-of-summarise',
      serviceAccountName: GRANT_ACCOUNT,
      maxExpirationSeconds: 3600,
      ...spec,
    },
    account: { namespace: NAMESPACE, name: GRANT_ACCOUNT },
    user: KUBELET,
    grant: aGrant(certified),
    pod,
    podsOfAccount: [pod],
    namespaceLabels: {},
    level: 'granted',
    apiAudiences: [API_AUDIENCE],
    now: NOW,
    ...more,
  }).map(({ code, path }) => `${code} ${path}`);
}

test('the kubelet of its node gets a pod of an active grant its certificate', () => {
  expect(judged()).toEqual([]);
});

describe('no certificate is asked for', () => {
  test('for an account that no grant has', () => {
    expect(judged({ grant: undefined })).toEqual(['AccountWithoutGrant spec.serviceAccountName']);
  });

  test('while a condition of the grant says no', () => {
    const wanting = (expression: string) =>
      aGrant(
        certified,
        withGrantSpec({ requestedBy: { username: 'jane' }, conditions: [{ name: 'one', expression }] }),
      );
    const holds = "request.action == 'certify' && request.certificate.signerName == 'example.com/workload'";
    expect(judged({ grant: wanting(holds) })).toEqual([]);
    expect(judged({ grant: wanting(`!(${holds})`) })).toEqual(['ConditionNotMet spec.serviceAccountName']);
  });

  test('while the grant is suspended', () => {
    expect(judged({ grant: aGrant(certified, withStatus({ phase: 'Suspended' })) })).toEqual([
      'GrantNotActive spec.serviceAccountName',
    ]);
  });

  test('of a signer that the envelope does not have', () => {
    expect(judged({ spec: { signerName: 'example.com/other' } })).toEqual([
      'CertificateNotGranted spec.signerName',
    ]);
  });

  test('for longer than the envelope says, nor without a lifetime, which is a day', () => {
    for (const maxExpirationSeconds of [3601, undefined])
      expect(judged({ spec: { maxExpirationSeconds } })).toEqual([
        'CertificateLivesTooLong spec.maxExpirationSeconds',
      ]);
  });

  test('with annotations that the envelope does not have', () => {
    expect(judged({ spec: { unverifiedUserAnnotations: { 'example.com/role': 'admin' } } })).toEqual([
      'CertificateNotGranted spec.unverifiedUserAnnotations[example.com/role]',
    ]);
  });

  test('for a pod that is not there, or not under the grant', () => {
    const notForPod = ['CertificateNotForPod spec.podName'];
    expect(judged({ pod: undefined })).toEqual(notForPod);
    expect(judged({ spec: { podUID: 'another' } })).toEqual(notForPod);
    const other = { ...pod, spec: { containers: [], ...pod.spec, serviceAccountName: 'default' } };
    expect(judged({ pod: other })).toEqual(notForPod);
  });

  test('for a pod that has finished', () => {
    expect(judged({ pod: { ...pod, status: { phase: 'Failed' } } })).toEqual(['PodFinished spec.podName']);
  });

  test('by anybody but the node of the pod', () => {
    const byAnother = ['CertificateNotAskedByNode spec.podName'];
    expect(judged({ user: { username: 'admin', groups: ['system:masters'] } })).toEqual(byAnother);
    expect(judged({ user: { ...KUBELET, username: 'system:node:node-2' } })).toEqual(byAnother);
  });
});
