import { describe, expect, test } from 'vitest';
import { givingNothingIn } from './scope.ts';

const found = (apiGroups: string[], resource: string, verbs = ['get']) =>
  givingNothingIn({ apiGroups, resources: [resource], verbs }).map(({ path, asked, because }) => {
    expect([path, asked]).toEqual(['resources[0]', resource]);
    return because;
  });

const NO_NAMESPACE = ['it is in no namespace, as a Role is'];

describe('in a Role nothing is given on', () => {
  test.each([
    [[''], 'nodes'],
    [[''], 'nodes/status'],
    [['', 'apps'], 'persistentvolumes'],
    [['rbac.authorization.k8s.io'], 'clusterroles'],
    [['storage.k8s.io'], 'storageclasses'],
    [['apiextensions.k8s.io'], 'customresourcedefinitions'],
  ])('%j %s, which is in no namespace', (groups, resource) => {
    expect(found(groups, resource)).toEqual(NO_NAMESPACE);
  });

  test('all Namespaces, but on its own there is', () => {
    expect(found([''], 'namespaces', ['list', 'watch', 'create'])).toEqual(NO_NAMESPACE);
    expect(found([''], 'namespaces', ['list', 'get'])).toEqual([]);
    expect(found([''], 'namespaces/status', ['patch'])).toEqual([]);
  });

  test('what is in no namespace, under whichever name or group', () => {
    expect(found([''], 'node')).toEqual(NO_NAMESPACE);
    expect(found([''], 'clusterroles')).toEqual(NO_NAMESPACE);
    expect(found([''], 'nodes/statuses')).toEqual(NO_NAMESPACE);
  });

  test('what is in no namespace, whichever verb is misspelt', () => {
    const rule = { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'lists'] };
    expect(givingNothingIn(rule).map(({ path }) => path)).toEqual(['resources[0]', 'verbs[1]']);
  });

  test('what Kubernetes does not have', () => {
    expect(found([''], 'deployments')).toEqual(['it is of the group "apps"']);
    expect(found([''], 'configmap')).toEqual(['it is called configmaps']);
  });
});

describe('nothing is said of', () => {
  test.each([
    ['what a Role gives', [''], 'pods', ['get']],
    ['what one of the groups has in namespaces', ['', 'apps'], 'deployments', ['get']],
    ['groups that are not Kubernetes’ own', ['metrics.k8s.io'], 'nodes', ['get']],
    ['these beside one that is', ['', 'metrics.k8s.io'], 'nodes', ['get']],
    ['a property of objects', ['constructor'], 'nodes', ['get']],
    ['every group', ['*'], 'nodes', ['get']],
    ['every resource', [''], '*', ['get']],
    ['a subresource of all', [''], '*/scale', ['get']],
    ['a verb that is asked about in a namespace', ['rbac.authorization.k8s.io'], 'clusterroles', ['bind']],
    ['that verb among others', ['rbac.authorization.k8s.io'], 'clusterroles', ['get', '*']],
    [
      'constrained impersonation',
      ['authentication.k8s.io'],
      'serviceaccounts',
      ['impersonate:serviceaccount'],
    ],
  ])('%s', (_, groups, resource, verbs) => {
    expect(found(groups, resource, verbs)).toEqual([]);
  });
});

test('of several resources each is found at its own place', () => {
  const resources = ['nodes', 'pods', 'persistentvolumes'];
  const paths = givingNothingIn({ apiGroups: [''], resources, verbs: ['get'] }).map(({ path }) => path);
  expect(paths).toEqual(['resources[0]', 'resources[2]']);
});
