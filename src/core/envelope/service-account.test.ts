import { expect, test } from 'vitest';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  GRANT_ACCOUNT,
  withoutStatus,
  withSpec,
  withStatus,
} from '../testing/builders.ts';
import { judge } from '../testing/judging.ts';

test('the grant’s account without automounting is within every envelope', () => {
  expect(judge(aPod())).toEqual([]);
});

test('another account is refused by name, and the grant’s own is named', () => {
  expect(judge(aPod(withSpec({ serviceAccountName: 'builder', serviceAccount: 'builder' })))).toEqual([
    {
      code: 'ServiceAccountNotGranted',
      path: 'spec.serviceAccountName',
      asked: 'builder',
      allowed: GRANT_ACCOUNT,
      fix: 'leave serviceAccountName and serviceAccount out: they are filled in',
    },
  ]);
});

test('another account in the deprecated field alone is refused there', () => {
  expect(judge(aPod(withSpec({ serviceAccount: 'builder' })))).toMatchObject([
    { code: 'ServiceAccountNotGranted', path: 'spec.serviceAccount', asked: 'builder' },
  ]);
});

test('automounting is refused, whether asked for or left to the default', () => {
  expect(judge(aPod(withSpec({ automountServiceAccountToken: true })))).toMatchObject([
    { code: 'TokenAutomounted', path: 'spec.automountServiceAccountToken', asked: 'true', allowed: 'false' },
  ]);
  expect(judge(anAuthoredPod())).toMatchObject([
    { code: 'ServiceAccountNotGranted', asked: 'default' },
    { code: 'TokenAutomounted', asked: 'the default, true' },
  ]);
});

test('no account is the grant’s before the grant has one', () => {
  expect(judge(aPod(), aGrant(withoutStatus('serviceAccountName')))).toMatchObject([
    { code: 'ServiceAccountNotGranted', allowed: 'an account that does not exist yet' },
  ]);
  expect(judge(aPod(), aGrant(withStatus({ serviceAccountName: 'taskgrant-other' })))).toHaveLength(1);
});
