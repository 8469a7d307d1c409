import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOurName, roleNameFor, serviceAccountNameFor, usernameOf } from './names.ts';

const grantName = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,45}[a-z0-9])?$/);

describe('the service account of a grant', () => {
  test('is named after the grant, and tells it from an earlier one of the same name', () => {
    const first = serviceAccountNameFor({ name: 'nightly', namespace: 'agents', uid: 'uid-1' });
    const second = serviceAccountNameFor({ name: 'nightly', namespace: 'agents', uid: 'uid-2' });
    expect(first).toMatch(/^taskgrant-nightly-[a-z0-9]{5}$/);
    expect(second).not.toBe(first);
  });

  test('has the same name whenever it is asked for, so that a restart finds it', () => {
    const grant = { name: 'nightly', namespace: 'agents', uid: 'uid-1' };
    expect(serviceAccountNameFor(grant)).toBe(serviceAccountNameFor({ ...grant }));
  });

  test('has a name that fits a label, whatever the grant is called', () => {
    fc.assert(
      fc.property(grantName, fc.uuid(), (name, uid) => {
        const account = serviceAccountNameFor({ name, namespace: 'agents', uid });
        expect(account.length).toBeLessThanOrEqual(63);
        expect(account).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(isOurName('ServiceAccount', account)).toBe(true);
      }),
    );
  });

  test('has no name where the grant’s own is too long, and the error says how long', () => {
    const name = 'a'.repeat(48);
    expect(() => serviceAccountNameFor({ name, namespace: 'agents', uid: 'uid-1' })).toThrow(
      `the name ${name} has 48 characters; at most 47 fit`,
    );
  });
});

test('grants of two namespaces that write into a third one have Roles of different names there', () => {
  const one = roleNameFor({ name: 'nightly', namespace: 'agents' });
  const other = roleNameFor({ name: 'nightly', namespace: 'builds' });
  expect(one).toBe('taskgrant:agents:nightly');
  expect(other).not.toBe(one);
});

test('names that anybody may give are not the product’s', () => {
  expect(isOurName('ServiceAccount', 'default')).toBe(false);
  expect(isOurName('ServiceAccount', 'my-taskgrant-account')).toBe(false);
  expect(isOurName('Role', 'taskgrant-ceiling')).toBe(false);
  expect(isOurName('RoleBinding', 'taskgrant:agents:nightly')).toBe(true);
});

test('a service account is a user by the name that the API server gives it', () => {
  expect(usernameOf({ namespace: 'agents', name: 'default' })).toBe('system:serviceaccount:agents:default');
});
