import { describe, expect, test } from 'vitest';
import type { Subject } from '../../api/kubernetes.ts';
import { accountKeyOf, boundRules, roleKeyOf, subjectKeysOf, subjectsThatCount } from './bound.ts';

const ACCOUNT = { namespace: 'agents', name: 'taskgrant-a-bcdfghjk' };
const keysOf = (subject: Subject, namespace?: string) =>
  subjectKeysOf({ metadata: { ...(namespace !== undefined && { namespace }) }, subjects: [subject] });

describe('a grant’s account is found by', () => {
  test.each([
    ['its name', { kind: 'ServiceAccount', ...ACCOUNT }],
    ['its name as a user', { kind: 'User', name: `system:serviceaccount:agents:${ACCOUNT.name}` }],
  ])('%s, however that is written', (_, subject) => {
    expect(keysOf(subject)).toEqual([accountKeyOf(ACCOUNT)]);
  });

  test('its name alone, in a binding of its own namespace', () => {
    expect(keysOf({ kind: 'ServiceAccount', name: ACCOUNT.name }, 'agents')).toEqual([accountKeyOf(ACCOUNT)]);
  });

  test.each(['system:authenticated', 'system:serviceaccounts', 'system:serviceaccounts:agents'])(
    'its group %s',
    (name) => {
      expect(keysOf({ kind: 'Group', name })).toEqual([`Group ${name}`]);
    },
  );
});

test.each<Subject>([
  { kind: 'User', name: 'jane' },
  { kind: 'Group', name: 'system:masters' },
  { kind: 'Group', name: 'system:serviceaccountsx' },
  { kind: 'User', name: 'system:serviceaccounts' },
  { kind: 'ServiceAccount', namespace: 'agents', name: 'default' },
])('%j is never a grant’s account, and stands in no index', (subject) => {
  expect(keysOf(subject)).toEqual([]);
});

test('of very many subjects those are kept that can be a grant’s account, wherever they stand', () => {
  const users = Array.from({ length: 1000 }, (_, index) => ({ kind: 'User', name: `user-${index}` }));
  const account = { kind: 'ServiceAccount', ...ACCOUNT };
  const kept = subjectsThatCount({ metadata: {}, subjects: [...users, account] });
  expect(kept).toEqual([...users.slice(0, 64), account]);
});

test('a role of a namespace is another one than that of the cluster with its name', () => {
  const metadata = { namespace: 'agents' };
  const ref = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: 'view' });
  expect(roleKeyOf({ metadata, roleRef: ref('Role') })).toBe('Role agents/view');
  expect(roleKeyOf({ metadata, roleRef: ref('ClusterRole') })).toBe('ClusterRole view');
});

test('a ClusterRole that a RoleBinding binds holds in its namespace alone', () => {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  expect(boundRules({ metadata: { namespace: 'agents', name: 'devs' } }, rules)).toEqual({
    by: 'RoleBinding agents/devs',
    rules: [{ ...rules[0], namespaces: ['agents'] }],
  });
  expect(boundRules({ metadata: { name: 'devs' } }, rules)).toEqual({ by: 'ClusterRoleBinding devs', rules });
});
