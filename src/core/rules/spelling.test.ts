import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { misspellingsIn } from './spelling.ts';

const meantBy = (field: string, word: string) =>
  misspellingsIn({ verbs: ['get'], [field]: [word] }).map(({ path, asked, fix }) => {
    expect(path).toBe(`${field}[0]`);
    expect(asked).toBe(word);
    return fix;
  });

describe('a word that means nothing is found, with what was probably meant', () => {
  test.each([
    ['apiGroups', 'apps/v1', 'write "apps"'],
    ['apiGroups', 'v1', 'write "", the core group'],
    ['apiGroups', 'v2beta1', 'write "", the core group'],
    ['apiGroups', 'core', 'write ""'],
    ['apiGroups', 'Apps', 'write "apps"'],
    ['apiGroups', '*.example.com', 'name each group'],
    ['resources', 'pods/*', 'name each, as in "pods/status"'],
    ['resources', '*/*', 'write "*", which has all subresources in it'],
    ['resources', 'pods/', 'write "pods"'],
    ['resources', '/exec', 'write a resource before the slash'],
    ['resources', 'pods/proxy/metrics', 'write "pods"'],
    ['resources', 'Pods', 'write "pods"'],
    ['resources', ' pods', 'write "pods"'],
    ['resources', 'pod*', 'name each resource'],
    ['resources', 'pods/ex*', 'name each subresource'],
    ['resources', 'deployments.apps', 'write "deployments", and "apps" in apiGroups'],
    ['resourceNames', '', 'leave resourceNames out, where every object is meant'],
    ['resourceNames', '*', 'leave resourceNames out'],
    ['resourceNames', 'ticket-*', 'name each object'],
    ['resourceNames', 'tickets ', 'write "tickets"'],
    ['verbs', 'GET', 'write "get"'],
    ['verbs', 'get*', 'name each verb'],
    ['verbs', 'get list', 'write "get list"'],
  ])('%s: %j', (field, word, meant) => {
    expect(meantBy(field, word)).toEqual([meant]);
  });
});

describe('a word that means what it says is left alone', () => {
  test.each([
    ['apiGroups', ''],
    ['apiGroups', '*'],
    ['apiGroups', 'rbac.authorization.k8s.io'],
    ['resources', 'pods'],
    ['resources', '*'],
    ['resources', 'pods/exec'],
    ['resources', '*/scale'],
    ['resourceNames', 'system:aggregate-to-view'],
    ['resourceNames', 'Tickets'],
    ['verbs', '*'],
    ['verbs', 'impersonate:user-info'],
    ['verbs', 'use'],
  ])('%s: %j', (field, word) => {
    expect(meantBy(field, word)).toEqual([]);
  });
});

describe('a resource in capitals is called what Kubernetes calls it, where the group is its own', () => {
  test.each([
    ['', 'ConfigMap', 'write "configmaps"'],
    ['', 'Pod/log', 'write "pods/log"'],
    ['', 'Deployments', 'write "deployments", and "apps" in apiGroups'],
    ['', 'Pods', 'write "pods"'],
    ['example.com', 'Pod', 'write "pod"'],
  ])('%j %s', (group, word, meant) => {
    const found = misspellingsIn({ apiGroups: [group], resources: [word], verbs: ['get'] });
    expect(found.map(({ fix }) => fix)).toEqual([meant]);
  });
});

test('every one of a rule is found, each where it stands', () => {
  const found = misspellingsIn({
    apiGroups: ['', 'v1'],
    resources: ['pods', 'Secrets', '*/*'],
    resourceNames: ['a', '*'],
    verbs: ['get', 'LIST'],
  });
  expect(found.map(({ path }) => path)).toEqual([
    'apiGroups[1]',
    'resources[1]',
    'resources[2]',
    'resourceNames[1]',
    'verbs[1]',
  ]);
});

test('whatever the word, something is said or nothing, and what is said is not empty', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('apiGroups', 'resources', 'resourceNames', 'verbs'),
      fc.string(),
      (field, word) => {
        for (const { because, fix } of misspellingsIn({ verbs: [], [field]: [word] }))
          expect(because.length * fix.length).toBeGreaterThan(0);
      },
    ),
  );
});
