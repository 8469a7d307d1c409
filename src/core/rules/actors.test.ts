import { describe, expect, test } from 'vitest';
import type { Subject } from '../../api/kubernetes.ts';
import { actorsOf, reachOf } from './actors.ts';
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
    expect(reachOf([one])).toBeDefined();
  });

  test.each([
    rule('', 'serviceaccounts', 'get'),
    rule('', 'serviceaccounts/token', 'get'),
    rule('', 'pods', '*'),
    rule('', 'serviceaccounts', 'impersonate', ['some-grantor']),
    rule('', 'serviceaccounts', 'impersonate', ['']),
  ])('not by %j', (one) => {
    expect(reachOf([one])).toBeUndefined();
  });
});

test('whoever may act as very many accounts by their names counts as if it were all', () => {
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) => `taskgrant-${String(index).padStart(3, 'a')}-bcdfghjk`);
  const reach = (names: string[]) => reachOf([rule('', 'serviceaccounts', 'impersonate', names)]);
  expect(reach([...named(64), ...named(64)])).toEqual({ names: named(64) });
  expect(reach(named(65))).toEqual({});
});

const by = 'RoleBinding agents/devs';
const actors = (subjects: Subject[], rules = [IMPERSONATE]) =>
  actorsOf({ metadata: { namespace: 'agents', name: 'devs' }, subjects }, reachOf(rules) ?? { names: [] });

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

test('nothing that somebody has written as a name breaks a line or a terminal, or is of any length', () => {
  const [subject = ''] =
    actors([{ kind: 'User', name: `a\n\u001b[31m\u202e${'x'.repeat(1000)}` }])?.subjects ?? [];
  expect(subject).toMatch(/^User a\\u\{a\}\\u\{1b\}\[31m\\u\{202e\}x+…$/);
  expect(subject.length).toBeLessThan(300);
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
