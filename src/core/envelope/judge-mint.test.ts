import { describe, expect, test } from 'vitest';
import type { TokenRequestSpec } from '../../api/kubernetes.ts';
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
import { judgeMint, shortenedLifetime, type Mint } from './judge-mint.ts';

const ACCOUNT = { namespace: NAMESPACE, name: GRANT_ACCOUNT };

/** What the kubelet of aRunningPod() asks for. */
function aRequest(more: Partial<TokenRequestSpec> = {}): TokenRequestSpec {
  return {
    audiences: [API_AUDIENCE],
    expirationSeconds: 600,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'summarise', uid: 'uid-of-summarise' },
    ...more,
  };
}

const HOURS = [
  withGrantSpec({ duration: '2h' }),
  withEnvelope({ tokens: [{ name: 'api', expirationSeconds: 3600 }] }),
];

/** What is wrong with it, where it is what the kubelet of aRunningPod() sends but for what is said. */
function violationsOf(mint: Partial<Mint> = {}) {
  const pod = aRunningPod();
  return judgeMint({
    spec: aRequest(),
    account: ACCOUNT,
    user: KUBELET,
    grant: aGrant(),
    pod,
    podsOfAccount: [pod],
    namespaceLabels: {},
    level: 'granted',
    apiAudiences: [API_AUDIENCE],
    now: NOW,
    ...mint,
  });
}

function judged({ spec, ...mint }: Partial<Omit<Mint, 'spec'>> & { spec?: Partial<TokenRequestSpec> } = {}) {
  return violationsOf({ spec: aRequest(spec), ...mint }).map(({ code }) => code);
}

test('the kubelet of its node gets a running pod of an active grant its token', () => {
  expect(judged()).toEqual([]);
});

test('a pod that the cache of the others has not heard of gets its token as well', () => {
  expect(judged({ podsOfAccount: [] })).toEqual([]);
});

test('a refusal says what was asked, what is allowed, and where', () => {
  const [violation] = violationsOf({ spec: aRequest({ expirationSeconds: 900 }) });
  expect(violation).toEqual({
    code: 'TokenLivesTooLong',
    path: 'spec.expirationSeconds',
    asked: '900 s',
    allowed: '600 s',
    fix: 'ask for 600 seconds or less',
  });
});

describe('no token is minted', () => {
  test('for an account that no grant has', () => {
    expect(judged({ grant: undefined })).toEqual(['AccountWithoutGrant']);
    expect(judged({ account: { ...ACCOUNT, name: 'taskgrant-summarise-4711-bcdfghjk' } })).toEqual([
      'AccountWithoutGrant',
    ]);
  });

  test.each(['Pending', 'Suspended', 'Revoking', 'Completed'] as const)('while the grant is %s', (phase) => {
    expect(judged({ grant: aGrant(withStatus({ phase })) })).toContain('GrantNotActive');
  });

  test('when its end is asked for', () => {
    expect(judged({ grant: aGrant(withGrantSpec({ revoke: true })) })).toContain('GrantNotActive');
  });

  test('when its time is over, whether or not it was revoked by then', () => {
    expect(judged({ now: Date.parse('2026-11-23T09:30:00Z') })).toContain('GrantExpired');
  });

  test.each([undefined, 'everything'])('where the label of the namespace is %s', (level) => {
    expect(judged({ level })).toEqual(['NamespaceNotEnforced']);
  });

  test('for an audience that the envelope does not have', () => {
    expect(judged({ spec: { audiences: ['https://tools.example'] } })).toEqual(['TokenAudienceNotGranted']);
  });

  test('for several audiences at once', () => {
    const audiences = [API_AUDIENCE, 'https://tools.example'];
    expect(judged({ spec: { audiences } })).toEqual(['TokenForManyAudiences']);
  });

  test('for longer than the envelope says', () => {
    expect(judged({ spec: { expirationSeconds: 601 } })).toEqual(['TokenLivesTooLong']);
  });

  test('with 3607 seconds, which the API server makes a year of', () => {
    const grant = aGrant(
      withGrantSpec({ duration: '2h' }),
      withEnvelope({ tokens: [{ name: 'api', expirationSeconds: 7200 }] }),
    );
    expect(judged({ grant, spec: { expirationSeconds: 3607 } })).toEqual(['TokenWouldBeExtended']);
  });

  test('where it says no lifetime, which is an hour', () => {
    const { audiences, boundObjectRef } = aRequest();
    const spec = { audiences, ...(boundObjectRef && { boundObjectRef }) };
    const violations = violationsOf({ spec });
    expect(violations).toMatchObject([{ code: 'TokenLivesTooLong', asked: '3600 s' }]);
  });

  test('for longer than the grant has left, where its lifetime was not shortened', () => {
    const now = Date.parse('2026-11-23T10:30:00Z');
    expect(judged({ grant: aGrant(...HOURS), now, spec: { expirationSeconds: 1801 } })).toEqual([]);
    expect(judged({ grant: aGrant(...HOURS), now, spec: { expirationSeconds: 1831 } })).toEqual([
      'TokenLivesTooLong',
    ]);
  });

  test.each([
    ['that is bound to nothing', undefined],
    ['that is bound to a Secret', { kind: 'Secret', name: 'summarise', uid: 'uid-of-summarise' }],
    ['that is bound to a node', { kind: 'Node', name: 'node-1', uid: 'uid-of-node-1' }],
    ['that is bound to a pod by name only', { kind: 'Pod', name: 'summarise' }],
    ['that is bound to another pod of that name', { kind: 'Pod', name: 'summarise', uid: 'another' }],
  ])('%s', (_, boundObjectRef) => {
    const { audiences, expirationSeconds } = aRequest();
    const spec = {
      audiences,
      ...(expirationSeconds !== undefined && { expirationSeconds }),
      ...(boundObjectRef && { boundObjectRef }),
    };
    const violations = violationsOf({ spec });
    expect(violations.map(({ code }) => code)).toEqual(['TokenNotBoundToPod']);
  });

  test('for a pod that is not there, or is not under the grant', () => {
    expect(judged({ pod: undefined })).toEqual(['TokenNotBoundToPod']);
    const pod = aRunningPod();
    const withoutLabel = { ...pod, metadata: { ...pod.metadata, labels: {} } };
    expect(judged({ pod: withoutLabel })).toEqual(['TokenNotBoundToPod']);
    const other = { ...pod, spec: { containers: [], nodeName: 'node-1', serviceAccountName: 'default' } };
    expect(judged({ pod: other })).toEqual(['TokenNotBoundToPod']);
  });

  test.each(['Succeeded', 'Failed'])('for a pod that has %s', (phase) => {
    expect(judged({ pod: { ...aRunningPod(), status: { phase } } })).toEqual(['PodFinished']);
  });

  test('for a pod more than the grant allows: the first gets its token, the second none', () => {
    const [first, second] = [aRunningPod(), aRunningPod('second', '2026-11-23T09:00:11Z')];
    const podsOfAccount = [second, first];
    expect(judged({ pod: first, podsOfAccount })).toEqual([]);
    const boundObjectRef = { kind: 'Pod', name: 'second', uid: 'uid-of-second' };
    expect(judged({ pod: second, podsOfAccount, spec: { boundObjectRef } })).toEqual(['PodsUsedUp']);
  });

  test('for a pod after the recorded ones, though those are gone', () => {
    const pods = [
      { name: 'gone', uid: 'uid-of-gone', phase: 'Failed' as const, admittedAt: '2026-11-23T09:00:01Z' },
    ];
    expect(judged({ grant: aGrant(withStatus({ pods })) })).toEqual(['PodsUsedUp']);
  });

  test.each([
    ['another node', { ...KUBELET, username: 'system:node:node-2' }],
    ['a user of the node’s name without its group', { ...KUBELET, groups: ['system:authenticated'] }],
    ['a cluster admin', { username: 'kubernetes-admin', groups: ['system:masters'] }],
    ['the account itself', { username: `system:serviceaccount:${NAMESPACE}:${GRANT_ACCOUNT}` }],
  ])('at the request of %s', (_, user) => {
    expect(judged({ user })).toEqual(['TokenNotAskedByNode']);
  });

  test('for a pod that no node has', () => {
    const pod = aRunningPod();
    expect(judged({ pod: { ...pod, spec: { containers: [], serviceAccountName: GRANT_ACCOUNT } } })).toEqual([
      'TokenNotAskedByNode',
    ]);
  });
});

test('names of the API server that it filled in itself are one audience', () => {
  const apiAudiences = [API_AUDIENCE, 'https://api.example'];
  expect(judged({ apiAudiences, spec: { audiences: apiAudiences } })).toEqual([]);
});

describe('a lifetime is shortened', () => {
  const until = (time: string, expirationSeconds: number, grant = aGrant(...HOURS)) =>
    shortenedLifetime(
      aRequest({ expirationSeconds }),
      { grant, apiAudiences: [API_AUDIENCE] },
      Date.parse(time),
    );

  test('to what is left of the grant', () => {
    expect(until('2026-11-23T10:20:00Z', 3600)).toBe(2400);
  });

  test('to ten minutes at the least, which is the least that the API server mints', () => {
    expect(until('2026-11-23T10:59:00Z', 3600)).toBe(600);
  });

  test('of a token of ten minutes never, so that the webhook need not be asked about one', () => {
    for (const time of ['2026-11-23T09:00:30Z', '2026-11-23T10:59:59Z', '2026-11-23T12:00:00Z'])
      expect(until(time, 600)).toBeUndefined();
  });

  test('and never to 3607 seconds', () => {
    const grant = aGrant(
      withGrantSpec({ duration: '2h' }),
      withEnvelope({ tokens: [{ name: 'api', expirationSeconds: 7200 }] }),
    );
    expect(until('2026-11-23T09:59:53Z', 7200, grant)).toBe(3606);
  });

  test('and left alone where it fits', () => {
    expect(until('2026-11-23T09:00:30Z', 3600)).toBeUndefined();
  });

  test.each([3601, 86_400])(
    'and left to be refused where the envelope does not allow %s seconds',
    (seconds) => {
      expect(until('2026-11-23T10:20:00Z', seconds)).toBeUndefined();
    },
  );
});
