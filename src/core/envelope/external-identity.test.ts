import { describe, expect, test } from 'vitest';
import { externalKeys, parseExternalKey } from '../identity/external-identity.ts';
import { aGrant, aPod, withAnnotation, withEnvelope } from '../testing/builders.ts';
import { aContext, judge } from '../testing/judging.ts';
import { externalKeysOf } from './external-identity.ts';

const key = 'iam.amazonaws.com/role';
const grant = aGrant(withEnvelope({ externalIdentity: { [key]: 'reader' } }));

test('what another system goes by is granted with the one value that the envelope says', () => {
  expect(judge(aPod(withAnnotation(key, 'reader')), grant)).toEqual([]);
  expect(judge(aPod(), grant)).toEqual([]);
});

test('another value is refused, and the one of the envelope is named', () => {
  expect(judge(aPod(withAnnotation(key, 'admin')), grant)).toEqual([
    {
      code: 'ExternalIdentityNotGranted',
      path: `metadata.annotations[${key}]`,
      asked: 'admin, which kube2iam and kiam goes by',
      allowed: 'reader',
      fix: `drop it, or say ${key} with this value in spec.envelope.externalIdentity of a new grant`,
    },
  ]);
});

test('another key is refused, and those of the envelope are named', () => {
  const pod = aPod(withAnnotation('spiffe.io/id', 'reader'));
  expect(judge(pod, grant)).toMatchObject([{ code: 'ExternalIdentityNotGranted', allowed: key }]);
  expect(judge(pod)).toMatchObject([{ allowed: 'nothing' }]);
});

test('what is on the account is judged as what is on the pod', () => {
  const accountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn' };
  expect(judge(aPod(), grant, { identity: aContext({ accountAnnotations }) })).toMatchObject([
    { path: 'serviceAccount.metadata.annotations[eks.amazonaws.com/role-arn]' },
  ]);
});

test('a key by a name that every object has is in no envelope by itself', () => {
  const keys = externalKeys([parseExternalKey('annotation:constructor')]);
  const identity = { ...aContext(), externalKeys: keys };
  expect(judge(aPod(withAnnotation('constructor', 'x')), grant, { identity })).toHaveLength(1);
});

describe('a grant', () => {
  test('names keys by which some system goes', () => {
    expect(externalKeysOf(grant, externalKeys())).toEqual([]);
    expect(externalKeysOf(aGrant(), externalKeys())).toEqual([]);
  });

  test('is told of each by which none goes', () => {
    const odd = aGrant(
      withEnvelope({ externalIdentity: { [key]: 'a', 'example.com/role': 'b', constructor: 'c' } }),
    );
    expect(externalKeysOf(odd, externalKeys())).toMatchObject([
      {
        code: 'ExternalIdentityUnknown',
        path: 'spec.envelope.externalIdentity[example.com/role]',
        asked: 'example.com/role',
      },
      { path: 'spec.envelope.externalIdentity[constructor]' },
    ]);
    const more = externalKeys([parseExternalKey('label:example.com/*')]);
    expect(externalKeysOf(odd, more)).toHaveLength(1);
  });
});
