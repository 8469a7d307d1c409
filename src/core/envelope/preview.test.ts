import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  inPhase,
  justCreated,
  NOW,
  withEnvelope,
  withGrantSpec,
  withContainer,
  withoutLabels,
  withSecretEnv,
  withSpec,
  withStatus,
  withToken,
} from '../testing/builders.ts';
import { readPod } from '../identity/reading.ts';
import { aContext, API_AUDIENCE } from '../testing/judging.ts';
import { previewPod, type PreviewFacts } from './preview.ts';

const previewed = (pod: Pod, more: Partial<PreviewFacts> = {}) =>
  previewPod({
    pod,
    reading: readPod(pod),
    grant: aGrant(),
    required: undefined,
    namespaceLabels: {},
    identity: aContext(),
    apiAudiences: [API_AUDIENCE],
    now: NOW,
    ...more,
  });

test('what the author leaves open counts as filled in', () => {
  expect(previewed(anAuthoredPod())).toEqual([]);
});

test('what the author asks for is judged as it will be', () => {
  const pod = anAuthoredPod(withSecretEnv('db'), withToken({ audience: 'x' }), withSpec({ hostPID: true }));
  expect(
    previewed(pod)
      .map(({ code }) => code)
      .sort(),
  ).toEqual(['NodeAccess', 'SecretNotGranted', 'TokenAudienceNotGranted']);
});

test.each([
  ['containers', withSpec({ containers: Array.from({ length: 501 }, () => ({ name: 'c', image: 'i' })) })],
  ['volumes', withSpec({ volumes: Array.from({ length: 501 }, () => ({ name: 'v', emptyDir: {} })) })],
])(
  'a pod of more %s than are looked at says that alone, and no token is filled into any of them',
  (what, many) => {
    const grant = aGrant();
    const envelope = Object.defineProperty({ ...grant.spec.envelope }, 'tokens', {
      get: () => {
        throw new Error('tokens are filled in');
      },
    });
    const found = previewed(anAuthoredPod(many), { grant: { ...grant, spec: { ...grant.spec, envelope } } });
    expect(found).toMatchObject([{ code: 'PodNotSupported', asked: `501 ${what}` }]);
  },
);

test('an account of another’s is refused already', () => {
  expect(previewed(anAuthoredPod(withSpec({ serviceAccountName: 'builder' })))).toMatchObject([
    { code: 'ServiceAccountNotGranted', asked: 'builder' },
  ]);
});

describe('that a grant is not active yet is no reason', () => {
  test.each([
    ['was just created', justCreated],
    ['is Pending', inPhase('Pending')],
    [
      'is expired by its times, and not active',
      withStatus({ phase: 'Pending', expiresAt: '2026-11-23T09:00:10Z' }),
    ],
  ])('of one that %s', (_, change) => {
    expect(previewed(anAuthoredPod(), { grant: aGrant(change) })).toEqual([]);
  });

  test('but what it does not give is one', () => {
    expect(previewed(anAuthoredPod(withSecretEnv('db')), { grant: aGrant(justCreated) })).toMatchObject([
      { code: 'SecretNotGranted' },
    ]);
  });

  test('and the account that it will have is nobody else’s', () => {
    const pod = anAuthoredPod(withSpec({ serviceAccountName: 'taskgrant-guessed' }));
    expect(previewed(pod, { grant: aGrant(justCreated) })).toMatchObject([
      { code: 'ServiceAccountNotGranted', allowed: 'the account that is made for the grant' },
    ]);
  });
});

test('how many pods a grant has left is no reason', () => {
  const pods = [{ name: 'a', uid: 'a', phase: 'Running' as const, admittedAt: '2026-11-23T09:00:10Z' }];
  expect(previewed(anAuthoredPod(), { grant: aGrant(withStatus({ pods })) })).toEqual([]);
});

describe('that a grant is over is one', () => {
  const deleted = aGrant((grant) => ({
    ...grant,
    metadata: { ...grant.metadata, deletionTimestamp: '2026-11-23T09:00:20Z' },
  }));
  test.each([
    ['completed', aGrant(inPhase('Completed'))],
    ['is being revoked', aGrant(inPhase('Revoking'))],
    ['is to be revoked', aGrant(withGrantSpec({ revoke: true }))],
    ['is being deleted', deleted],
  ])('of one that %s', (_, grant) => {
    expect(previewed(anAuthoredPod(withSecretEnv('db')), { grant }).map(({ code }) => code)).toEqual([
      'GrantNotActive',
      'SecretNotGranted',
    ]);
  });
});

test('a grant that is not there is said, and nothing else', () => {
  expect(previewed(anAuthoredPod(withSecretEnv('db')), { grant: undefined })).toMatchObject([
    { code: 'GrantNotFound' },
  ]);
});

test('a pod without a grant is judged as it is', () => {
  const pod = anAuthoredPod(withoutLabels, withSecretEnv('db'));
  expect(previewed(pod, { grant: undefined })).toEqual([]);
  const required = { automounts: false, pullSecrets: [] };
  expect(previewed(pod, { grant: undefined, required })).toMatchObject([{ code: 'GrantRequired' }]);
});

test('what is on the account that the pod would have without its grant does not count', () => {
  const accountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn' };
  const identity = aContext({ accountAnnotations });
  expect(previewed(anAuthoredPod(), { identity })).toEqual([]);
  // It names the grant's own, of which they are then.
  expect(previewed(aPod(), { identity })).toMatchObject([{ code: 'ExternalIdentityNotGranted' }]);
});

describe('a pod that is not shaped as one', () => {
  const odd = (spec: object) => anAuthoredPod(withSpec(spec));

  test('is left as it is, and that is said', () => {
    expect(previewed(odd({ containers: 'all' }))).toMatchObject([
      { code: 'PodNotSupported', path: 'spec.containers' },
    ]);
    expect(previewed(odd({ telepathy: {} })).map(({ code }) => code)).toContain('PodNotSupported');
  });

  test('by what it leaves out or sets to nothing only is filled in nevertheless', () => {
    const grant = aGrant(withEnvelope({ tokens: [{ name: 'api', expirationSeconds: 600 }] }));
    expect(previewed(odd({ containers: null }), { grant })).toEqual([]);
    expect(previewed(odd({ initContainers: null, volumes: null }), { grant })).toEqual([]);
    const volumeMounts = [{ name: 'a' }] as unknown as { name: string; mountPath: string }[];
    expect(previewed(anAuthoredPod(withContainer({ volumeMounts })), { grant })).toEqual([]);
  });

  test('by half a character only is filled in nevertheless', () => {
    const name = 'kube-api-access-bcdfg';
    const spec = {
      volumes: [{ name, configMap: { name: '\ud800' } }],
      imagePullSecrets: [{ name: '\ud800' }],
    };
    expect(previewed(odd(spec)).map(({ code }) => code)).toEqual(['SecretNotGranted']);
  });
});
