import { describe, expect, test } from 'vitest';
import {
  aGrant,
  aRunningPod,
  GRANT_ACCOUNT,
  GRANT_NAME,
  KUBELET,
  withEnvelope,
  withGrantSpec,
} from '../core/testing/builders.ts';
import { API_AUDIENCE } from '../core/testing/judging.ts';
import { createMintMutator } from './mutate-mints.ts';
import { codesOf, patchOf, review, someFacts } from './testing.ts';
import { createCertificateValidator } from './validate-certificates.ts';
import { createMintValidator } from './validate-mints.ts';

const pod = aRunningPod();

/** What the kubelet of the pod asks for. */
function aRequest(name = GRANT_ACCOUNT, expirationSeconds = 600) {
  return {
    kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
    subResource: 'token',
    name,
    userInfo: KUBELET,
    object: {
      spec: {
        audiences: [API_AUDIENCE],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'summarise', uid: 'uid-of-summarise' },
      },
    },
  };
}

describe('a mint', () => {
  test('is judged by the grant that the account is named after, and its decision is written to the audit log', async () => {
    const answer = await review(createMintValidator(someFacts({ pods: [pod] })), aRequest());
    expect(answer).toMatchObject({ allowed: true, audit: { grant: GRANT_NAME } });
  });

  test('is refused with everything that is wrong with it', async () => {
    const facts = someFacts({ pods: [], enforceLevel: undefined });
    const answer = await review(createMintValidator(facts), aRequest(GRANT_ACCOUNT, 601));
    expect(codesOf(answer)).toEqual(['NamespaceNotEnforced', 'TokenLivesTooLong', 'TokenNotBoundToPod']);
  });

  test('is refused while a condition of the grant does not hold, by the labels that the namespace has now', async () => {
    const expression =
      "namespaceObject.metadata.labels.stage == 'test' && request.token.expirationSeconds <= 600";
    const grant = aGrant(
      withGrantSpec({ requestedBy: { username: 'jane' }, conditions: [{ name: 'stage', expression }] }),
    );
    const judged = (currentLabels: Record<string, string>) =>
      review(createMintValidator(someFacts({ grant, pods: [pod], currentLabels })), aRequest());
    expect(codesOf(await judged({ stage: 'test' }))).toEqual([]);
    expect(codesOf(await judged({}))).toEqual(['ConditionNotMet']);
  });

  test('for an account that is not named as those of grants are is not ours to refuse', async () => {
    const facts = someFacts({ grant: 'none' });
    expect(await review(createMintValidator(facts), aRequest('default'))).toEqual({ allowed: true });
    expect(await review(createMintMutator(facts), aRequest('default'))).toEqual({ allowed: true });
  });

  test('is shortened to what is left of the grant', async () => {
    const facts = someFacts({
      grant: aGrant(
        withGrantSpec({ duration: '20m' }),
        withEnvelope({ tokens: [{ name: 'api', expirationSeconds: 3600 }] }),
      ),
    });
    const answer = await review(createMintMutator(facts), aRequest(GRANT_ACCOUNT, 3600));
    // Half a minute of the twenty is over.
    expect(patchOf(answer)).toEqual([{ op: 'add', path: '/spec/expirationSeconds', value: 1170 }]);
  });

  test('that fits is left as it is', async () => {
    expect(patchOf(await review(createMintMutator(someFacts()), aRequest()))).toEqual([]);
  });
});

describe('a certificate', () => {
  const asked = (serviceAccountName: string) => ({
    kind: { group: 'certificates.k8s.io', version: 'v1', kind: 'PodCertificateRequest' },
    resource: { group: 'certificates.k8s.io', version: 'v1', resource: 'podcertificaterequests' },
    userInfo: KUBELET,
    object: {
      metadata: {},
      spec: {
        signerName: 'example.com/workload',
        podName: 'summarise',
        podUID: 'uid-of-summarise',
        serviceAccountName,
        maxExpirationSeconds: 3600,
      },
    },
  });

  test('is judged by the grant that its account is named after', async () => {
    const certificates = [{ signerName: 'example.com/workload', maxExpirationSeconds: 3600 }];
    const facts = someFacts({ pods: [pod], grant: aGrant(withEnvelope({ certificates })) });
    const answer = await review(createCertificateValidator(facts), asked(GRANT_ACCOUNT));
    expect(answer).toMatchObject({ allowed: true, audit: { grant: GRANT_NAME } });
  });

  test('is refused with everything that is wrong with it', async () => {
    const facts = someFacts({ pods: [], enforceLevel: undefined });
    expect(codesOf(await review(createCertificateValidator(facts), asked(GRANT_ACCOUNT)))).toEqual([
      'NamespaceNotEnforced',
      'CertificateNotGranted',
      'CertificateNotForPod',
    ]);
  });

  test('of an account that is not named as those of grants are is not ours to refuse', async () => {
    const validator = createCertificateValidator(someFacts({ grant: 'none' }));
    expect(await review(validator, asked('default'))).toEqual({ allowed: true });
  });
});
