import { describe, expect, test } from 'vitest';
import type { Subject } from '../../api/kubernetes.ts';
import { actorsOf, reachAccounts } from './actors.ts';
import type { ScopedRule } from './right.ts';

const rule = (apiGroup: string, resource: string, verb: string, resourceNames?: string[]): ScopedRule => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs: [verb],
  ...(resourceNames && { resourceNames }),
});
const IMPERSONATE = rule('', 'serviceaccounts', 'impersonate');

describe('accounts are reached', () => {
  test.each([
    IMPERSONATE,
    rule('', 'serviceaccounts', '*'),
    rule('authentication.k8s.io', 'serviceaccounts', 'impersonate:serviceaccount'),
    rule('', 'serviceaccounts/token', 'create'),
    rule('', '*/token', 'create'),
    rule('*', '*', '*'),
    rule('', 'serviceaccounts', 'impersonate', ['taskgrant-a-bcdfghjk']),
  ])('by %j', (one) => {
    expect(reachAccounts([one])).toBe(true);
  });

  test.each([
    rule('', 'serviceaccounts', 'get'),
    rule('', 'serviceaccounts/token', 'get'),
    rule('', 'pods', '*'),
    rule('', 'serviceaccounts', 'impersonate', ['some-grantor']),
    rule('', 'serviceaccounts', 'impersonate', ['']),
  ])('not by %j', (one) => {
    expect(reachAccounts([one])).toBe(false);
  });
});

const by = 'RoleBinding agents/devs';
const actors = (subjects: Subject[], rules = [IMPERSONATE]) =>
  actorsOf({ metadata: { namespace: 'agents' }, subjects }, { by, rules });

test('whoever is bound is told of, as they are written, an account with its namespace', () => {
  const subjects = [
    { kind: 'User', name: 'jane' },
    { kind: 'Group', name: 'devs' },
    { kind: 'ServiceAccount', name: 'deployer' },
  ];
  expect(actors(subjects)).toEqual({
    by,
    subjects: ['User jane', 'Group devs', 'ServiceAccount agents/deployer'],
  });
});

test('by the names of accounts, where all rules have some', () => {
  const named = (...names: string[]) => rule('', 'serviceaccounts', 'impersonate', names);
  const jane = [{ kind: 'User', name: 'jane' }];
  expect(actors(jane, [named('taskgrant-a-bcdfghjk', 'other')])?.names).toEqual(['taskgrant-a-bcdfghjk']);
  expect(actors(jane, [named('taskgrant-a-bcdfghjk'), IMPERSONATE])?.names).toBeUndefined();
});

test.each<Subject>([
  { kind: 'Group', name: 'system:masters' },
  { kind: 'Group', name: 'system:nodes' },
  { kind: 'User', name: 'system:node:worker-1' },
  { kind: 'User', name: 'system:kube-controller-manager' },
])('%j is the control plane, and nobody is told of it', (subject) => {
  expect(actors([subject])).toBeUndefined();
});
