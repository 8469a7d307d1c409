import { expect, test } from 'vitest';
import { aClass, aGrant, withEnvelope } from '../testing/builders.ts';
import { beyondGrantor, grantorIsKnown, grantorOf } from './grantor.ts';

const itsClass = aClass({ grantor: { namespace: 'taskgrant-system', name: 'taskgrant-grantor-ops' } });

test('the grantor is asked about by itself, and what somebody gives to all service accounts is no part of a ceiling', () => {
  expect(grantorOf(itsClass)).toEqual({
    username: 'system:serviceaccount:taskgrant-system:taskgrant-grantor-ops',
    groups: [],
  });
});

test('each right that the grantor lacks is a violation of the entry that gives it, and says who would have to hold it', () => {
  const grant = aGrant(
    withEnvelope({
      kubernetes: [{ apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] }],
    }),
  );
  const right = {
    namespace: 'agents',
    verb: 'patch',
    group: 'apps',
    resource: 'deployments',
    subresource: 'scale',
  };
  expect(beyondGrantor(grant, itsClass, [right])).toEqual([
    {
      code: 'BeyondCeiling',
      path: 'spec.envelope.kubernetes[0]',
      asked: 'patch deployments.apps/scale in namespace agents',
      allowed: 'nothing that covers it',
      fix: 'ask for less, use another class, or have taskgrant-system/taskgrant-grantor-ops bound to it, the grantor of class default',
    },
  ]);
});

test('a grantor is known by its namespace and the beginning of its name', () => {
  const release = { namespace: 'taskgrant-system', name: 'taskgrant' };
  expect(grantorIsKnown(itsClass, release)).toEqual([]);
  for (const [namespace, name] of [
    ['agents', 'taskgrant-grantor-ops'],
    ['taskgrant-system', 'taskgrant-controller'],
    ['taskgrant-system', 'other-grantor-ops'],
  ] as const)
    expect(grantorIsKnown(aClass({ grantor: { namespace, name } }), release)).toMatchObject([
      { code: 'GrantorUnknown', path: 'spec.grantor', asked: `${namespace}/${name}` },
    ]);
});
