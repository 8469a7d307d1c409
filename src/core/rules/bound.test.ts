import { describe, expect, test } from 'vitest';
import type { Subject } from '../../api/kubernetes.ts';
import {
  accountKeyOf,
  boundRules,
  MOST_GIVEN,
  MOST_SUBJECTS,
  renderBinding,
  roleKeyOf,
  subjectKeysOf,
  subjectsThatCount,
} from './bound.ts';

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

describe('of thousands of subjects that can be a grant’s account', () => {
  const groups = Array.from({ length: 2000 }, (_, index) => ({
    kind: 'Group',
    name: `system:serviceaccounts:n-${index}`,
  }));
  const kept = (subjects: Subject[]) => subjectsThatCount({ metadata: { namespace: 'n-1999' }, subjects });

  test('some are kept, and everybody, so that nobody is left out; and always the group of its own namespace', () => {
    const subjects = kept(groups);
    expect(subjects.length).toBeLessThanOrEqual(MOST_SUBJECTS + MOST_GIVEN + 1);
    expect(subjects).toContainEqual({ kind: 'Group', name: 'system:serviceaccounts' });
    expect(subjects).toContainEqual(groups.at(-1));
  });

  test('those that are kept for it are the same in any order', () => {
    const given = (subjects: Subject[]) => kept(subjects).slice(MOST_SUBJECTS);
    const users = Array.from({ length: MOST_SUBJECTS }, () => ({ kind: 'User', name: 'jane' }));
    expect(given([...users, ...groups.toReversed()])).toEqual(given([...users, ...groups]));
  });

  test('one that is named again and again is kept once, and is not everybody', () => {
    const users = Array.from({ length: MOST_SUBJECTS }, (_, index) => ({
      kind: 'User',
      name: `user-${index}`,
    }));
    const again = Array.from({ length: 2000 }, () => ({ kind: 'ServiceAccount', ...ACCOUNT }));
    expect(kept([...users, ...again])).toEqual([...users, again[0]]);
  });

  test('accounts are left out after everything else', () => {
    const users = Array.from({ length: MOST_SUBJECTS }, (_, index) => ({
      kind: 'User',
      name: `user-${index}`,
    }));
    const account = { kind: 'ServiceAccount', ...ACCOUNT };
    expect(kept([...users, ...groups, account])).toContainEqual(account);
  });

  test('no name and no namespace is of any length', () => {
    const long = 'x'.repeat(100_000);
    const [user, account] = kept([
      { kind: 'User', name: long },
      { kind: 'User', name: 'jane', namespace: long },
    ]);
    expect(user?.name.length).toBeLessThan(1000);
    expect(account?.namespace?.length).toBeLessThan(1000);
  });
});

test('a role of a namespace is another one than that of the cluster with its name', () => {
  const metadata = { namespace: 'agents' };
  const ref = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: 'view' });
  expect(roleKeyOf({ metadata, roleRef: ref('Role') })).toBe('Role agents/view');
  expect(roleKeyOf({ metadata, roleRef: ref('ClusterRole') })).toBe('ClusterRole view');
});

test('a binding is named with what is bound, which holds in its namespace alone where it is in one', () => {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  expect(boundRules({ metadata: { namespace: 'agents', name: 'devs' } }, rules)).toEqual({
    by: 'RoleBinding agents/devs',
    namespace: 'agents',
    rules,
  });
  expect(boundRules({ metadata: { name: 'devs' } }, rules)).toEqual({ by: 'ClusterRoleBinding devs', rules });
});

test('a binding’s name, which may have anything in it, breaks no line and no terminal', () => {
  const metadata = { namespace: 'evil', name: '\u001b[2Jrun:\n\u202e' };
  expect(renderBinding({ metadata })).toBe('RoleBinding evil/\\u{1b}[2Jrun:\\u{a}\\u{202e}');
});
