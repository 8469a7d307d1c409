import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SUFFIX_LENGTH } from '../api/group.ts';
import {
  grantOfAccount,
  isPlacedFor,
  roleNameFor,
  serviceAccountNameFor,
  suffixFrom,
  usernameOf,
} from './names.ts';

const grantName = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,42}[a-z0-9])?$/);

describe('the service account of a grant', () => {
  const suffix = fc.uint8Array({ minLength: SUFFIX_LENGTH, maxLength: SUFFIX_LENGTH }).map(suffixFrom);

  test('is named after the grant, and tells it from an earlier one of the same name', () => {
    const name = serviceAccountNameFor('nightly', suffixFrom(Uint8Array.from([0, 1, 2, 3, 26, 27, 28, 255])));
    expect(name).toBe('taskgrant-nightly-bcdf9bcq');
  });

  test('has a name that fits a label, whatever the grant is called', () => {
    fc.assert(
      fc.property(grantName, suffix, (name, random) => {
        const account = serviceAccountNameFor(name, random);
        expect(account.length).toBeLessThanOrEqual(63);
        expect(account).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        const object = { kind: 'ServiceAccount', namespace: 'agents', name: account };
        expect(isPlacedFor(object, { namespace: 'agents', name })).toBe(true);
        expect(grantOfAccount(account)).toBe(name);
      }),
    );
  });

  test('has no name where the grant’s own is too long, and the error says how long', () => {
    const name = 'a'.repeat(45);
    expect(() => serviceAccountNameFor(name, 'bcdfghjk')).toThrow(
      `the name ${name} has 45 characters; at most 44 fit`,
    );
  });
});

test('grants of two namespaces that write into a third one have Roles of different names there', () => {
  const one = roleNameFor({ name: 'nightly', namespace: 'agents' });
  const other = roleNameFor({ name: 'nightly', namespace: 'builds' });
  expect(one).toBe('taskgrant:agents:nightly');
  expect(other).not.toBe(one);
});

test.each([
  ['another name', { kind: 'ServiceAccount', namespace: 'agents', name: 'default' }],
  [
    'the name of another grant',
    { kind: 'ServiceAccount', namespace: 'agents', name: 'taskgrant-nightly-2-bcdfghjk' },
  ],
  ['another namespace', { kind: 'ServiceAccount', namespace: 'mallory', name: 'taskgrant-nightly-bcdfghjk' }],
  [
    'a suffix that none is given',
    { kind: 'ServiceAccount', namespace: 'agents', name: 'taskgrant-nightly-aeiouaei' },
  ],
  ['the Role of another grant', { kind: 'Role', namespace: 'agents', name: 'taskgrant:builds:nightly' }],
])('what stands under %s was not made for a grant, whatever its labels say', (_, object) => {
  expect(isPlacedFor(object, { namespace: 'agents', name: 'nightly' })).toBe(false);
});

test('a Role of the grant’s name is in its place wherever it stands: the envelope may name any namespace', () => {
  const role = { kind: 'RoleBinding', namespace: 'support', name: 'taskgrant:agents:nightly' };
  expect(isPlacedFor(role, { namespace: 'agents', name: 'nightly' })).toBe(true);
});

test('a service account is a user by the name that the API server gives it', () => {
  expect(usernameOf({ namespace: 'agents', name: 'default' })).toBe('system:serviceaccount:agents:default');
});

test.each(['default', 'taskgrant-controller', 'taskgrant-bcdfghjk', 'my-taskgrant-nightly-bcdfghjk'])(
  'no grant has an account of the name %s',
  (name) => {
    expect(grantOfAccount(name)).toBeUndefined();
  },
);
