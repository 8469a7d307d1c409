import { describe, expect, test } from 'vitest';
import type { Binding } from '../../api/kubernetes.ts';
import { externalKeys } from '../identity/external-identity.ts';
import { aGrant, GRANT_NAME, withEnvelope } from '../testing/builders.ts';
import { judgeBinding, type BindingFacts } from './judge-binding.ts';

const key = 'iam.amazonaws.com/role';

function aBinding(metadata: Binding['metadata'] = {}): Binding {
  return { apiVersion: 'v1', kind: 'Binding', metadata, target: { kind: 'Node', name: 'node-1' } };
}

function judged(binding: Binding, more: Partial<BindingFacts> = {}) {
  return judgeBinding({
    binding,
    grantName: GRANT_NAME,
    grant: {
      grant: aGrant(withEnvelope({ externalIdentity: { [key]: 'reader' } })),
      apiAudiences: [],
    },
    required: undefined,
    byScheduler: true,
    externalKeys: externalKeys(),
    ...more,
  });
}

const UNGRANTED = { grantName: undefined, grant: undefined };
const REQUIRED = { ...UNGRANTED, required: { automounts: true, pullSecrets: [] } };

describe('the pod of a grant is bound', () => {
  test('by a scheduler, with the labels that it has already', () => {
    expect(judged(aBinding())).toEqual([]);
    expect(judged(aBinding({ labels: { 'taskgrant.dev/grant': GRANT_NAME, a: 'b' } }))).toEqual([]);
  });

  test('by nobody else: who chooses the node passes the scheduler by', () => {
    expect(judged(aBinding(), { byScheduler: false })).toEqual([
      {
        code: 'NodeAccess',
        path: 'target.name',
        asked: 'node node-1',
        allowed: 'nothing of its node',
        fix: 'leave the choice of the node to a scheduler that the chart’s values name',
      },
    ]);
    const nameless = { ...aBinding(), target: {} };
    expect(judged(nameless, { byScheduler: false })).toMatchObject([{ asked: 'node without a name' }]);
  });

  test('with no other system’s identity but what the envelope says', () => {
    expect(judged(aBinding({ annotations: { [key]: 'reader', other: 'x' } }))).toEqual([]);
    expect(judged(aBinding({ annotations: { [key]: 'admin' } }))).toMatchObject([
      { code: 'ExternalIdentityNotGranted', path: `metadata.annotations[${key}]`, allowed: 'reader' },
    ]);
    expect(judged(aBinding({ labels: { aadpodidbinding: 'x' } }))).toMatchObject([
      { code: 'ExternalIdentityNotGranted', path: 'metadata.labels[aadpodidbinding]' },
    ]);
  });

  test('with everything that is wrong said at once', () => {
    const binding = aBinding({ labels: { 'taskgrant.dev/grant': 'other', aadpodidbinding: 'x' } });
    expect(judged(binding, { byScheduler: false }).map(({ code }) => code)).toEqual([
      'GrantLabelImmutable',
      'NodeAccess',
      'ExternalIdentityNotGranted',
    ]);
  });

  test('not at all where its grant is gone', () => {
    expect(judged(aBinding(), { grant: undefined })).toMatchObject([
      { code: 'GrantNotFound', asked: GRANT_NAME },
    ]);
  });
});

describe('a binding carries no pod to a grant, or away from one', () => {
  const label = (value: string) => aBinding({ labels: { 'taskgrant.dev/grant': value } });

  test.each([
    ['another', 'other', { grantName: GRANT_NAME }, GRANT_NAME],
    ['none', '', { grantName: GRANT_NAME }, GRANT_NAME],
    ['one where there was none', GRANT_NAME, UNGRANTED, 'no label'],
  ])('%s', (_, value, facts, allowed) => {
    expect(judged(label(value), facts)).toMatchObject([
      { code: 'GrantLabelImmutable', path: 'metadata.labels[taskgrant.dev/grant]', asked: value, allowed },
    ]);
  });
});

describe('a pod without a grant', () => {
  const annotated = aBinding({ annotations: { [key]: 'reader' } });

  test('is bound by anybody, and with anything, where it may have identity', () => {
    expect(judged(annotated, { ...UNGRANTED, byScheduler: false })).toEqual([]);
  });

  test('is bound with no other system’s identity where it may have none', () => {
    expect(judged(aBinding(), REQUIRED)).toEqual([]);
    expect(judged(annotated, REQUIRED)).toMatchObject([
      {
        code: 'GrantRequired',
        path: `metadata.annotations[${key}]`,
        asked: 'an identity of kube2iam and kiam',
      },
    ]);
  });
});

test.each([
  ['labels that are nothing', { labels: null, annotations: null }],
  ['nothing of its own', null],
])('a binding with %s is one', (_, metadata) => {
  const binding = { ...aBinding(), metadata: metadata as unknown as Binding['metadata'] };
  expect(judged(binding)).toEqual([]);
  expect(judged(binding, REQUIRED)).toEqual([]);
});

test.each([
  ['labels that are a text', { labels: 'x' }, 'metadata.labels'],
  [
    'a label that is a number',
    { labels: { 'taskgrant.dev/grant': 7 } },
    'metadata.labels[taskgrant.dev/grant]',
  ],
  ['a list for an annotation', { annotations: { [key]: [] } }, `metadata.annotations[${key}]`],
])('a binding with %s cannot be judged', (_, metadata, path) => {
  const binding = { ...aBinding(), metadata: metadata as unknown as Binding['metadata'] };
  for (const facts of [{}, UNGRANTED, REQUIRED]) {
    expect(judged(binding, facts)).toMatchObject([{ code: 'PodNotSupported', path }]);
  }
});
