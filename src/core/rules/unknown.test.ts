import { describe, expect, test } from 'vitest';
import { BUILT_IN_KINDS, OTHER_NAMES } from './built-in-kinds.ts';
import { unknownIn } from './unknown.ts';

const found = (apiGroups: string[], resource: string, verbs = ['get']) =>
  unknownIn({ apiGroups, resources: [resource], verbs }).map(({ path, asked, because, fix }) => {
    expect([path, asked]).toEqual(['resources[0]', resource]);
    return [because, fix];
  });

const NOWHERE = expect.stringMatching(/^no Kubernetes from 1\.\d+ to 1\.\d+ has it$/) as string;
const NO_IDEA = 'leave it out, or correct its name or its group';

describe('no request has', () => {
  test.each([
    ['a singular', [''], 'configmap', 'it is called configmaps', 'write "configmaps"'],
    [
      'one that is no plain plural',
      ['networking.k8s.io'],
      'ingress',
      'it is called ingresses',
      'write "ingresses"',
    ],
    ['a short name', [''], 'svc', 'it is called services', 'write "services"'],
    ['a singular before a subresource', [''], 'pod/log', 'it is called pods', 'write "pods/log"'],
    [
      'a kind of another group',
      [''],
      'deployments',
      'it is of the group "apps"',
      'write "deployments", and "apps" in apiGroups',
    ],
    [
      'a kind of two others',
      ['apps'],
      'events',
      'it is of the group "" or "events.k8s.io"',
      'write "events", and "" or "events.k8s.io" in apiGroups',
    ],
    [
      'a subresource of a kind of another',
      ['policy'],
      'pods/eviction',
      'it is of the group ""',
      'write "pods/eviction", and "" in apiGroups',
    ],
    [
      'a singular of another group',
      [''],
      'cronjob',
      'it is called cronjobs',
      'write "cronjobs", and "batch" in apiGroups',
    ],
    ['a slip of the pen', [''], 'confgimaps', NOWHERE, 'write "configmaps"'],
    [
      'one in a kind of another group',
      ['', 'apps'],
      'cronjbos',
      NOWHERE,
      'write "cronjobs", and "batch" in apiGroups',
    ],
    ['one in a subresource', [''], 'pods/logs', NOWHERE, 'write "pods/log"'],
    ['a subresource like no other', [''], 'pods/metrics', NOWHERE, NO_IDEA],
    ['a subresource of a kind that has none', [''], 'secrets/status', NOWHERE, NO_IDEA],
    ['a kind like no other', ['', 'apps'], 'widgets', NOWHERE, NO_IDEA],
    ['a kind that is gone', ['policy'], 'podsecuritypolicies', NOWHERE, NO_IDEA],
    ['a property of objects', [''], 'constructor', NOWHERE, NO_IDEA],
  ])('%s: %j %s', (_, groups, resource, because, fix) => {
    expect(found(groups, resource)).toEqual([[because, fix]]);
  });

  test('a word that is none, whatever may be done with it', () => {
    expect(found([''], 'configmap', ['get', '*'])).toHaveLength(1);
  });
});

describe('nothing is said of', () => {
  test.each([
    ['what one of the groups has', ['', 'apps'], 'deployments', ['get']],
    ['its subresources', ['', 'apps'], 'deployments/scale', ['patch']],
    ['kinds that are in no namespace', [''], 'nodes', ['get']],
    ['groups that are not Kubernetes’ own', ['metrics.k8s.io'], 'pod', ['get']],
    ['these beside one that is', ['', 'example.com'], 'widgets', ['get']],
    ['every group', ['*'], 'widgets', ['get']],
    ['no group', [], 'widgets', ['get']],
    ['every resource', [''], '*', ['get']],
    ['a subresource of all', [''], '*/scale', ['get']],
    ['words that are refused for their letters', [''], 'ConfigMap', ['get']],
    ['a verb that some program asks about', ['policy'], 'podsecuritypolicies', ['use']],
    ['that verb among others', ['policy'], 'podsecuritypolicies', ['use', 'get']],
    ['whom somebody may be', [''], 'users', ['*']],
    ['what of them', ['authentication.k8s.io'], 'userextras/scopes', ['*']],
    ['who signs', ['certificates.k8s.io'], 'signers', ['*']],
    ['what the kubelet asks about', [''], 'nodes/metrics', ['get']],
    ['what OpenShift asks about', [''], 'endpoints/restricted', ['create']],
    ['what the garbage collector asks about', ['apps'], 'deployments/finalizers', ['update']],
    ['what is asked about drivers', ['resource.k8s.io'], 'resourceclaims/driver', ['*']],
  ])('%s: %j %s', (_, groups, resource, verbs) => {
    expect(found(groups, resource, verbs)).toEqual([]);
  });

  test('any resource that is known, in its group', () => {
    const known = Object.entries(BUILT_IN_KINDS).flatMap(([group, { cluster, namespaced }]) =>
      unknownIn({ apiGroups: [group], resources: [...cluster, ...namespaced], verbs: ['get'] }),
    );
    expect(known).toEqual([]);
  });
});

test('finalizers of what is unknown are, too', () => {
  expect(found(['apps'], 'deployment/finalizers', ['update'])).toEqual([
    ['it is called deployments', 'write "deployments/finalizers"'],
  ]);
});

describe('a verb', () => {
  const found = (verbs: string[], resource = 'pods') =>
    unknownIn({ apiGroups: [''], resources: [resource], verbs }).map(({ path, fix }) => `${path}: ${fix}`);

  test('that looks like one of a request and is none is found, and hides no resource', () => {
    expect(found(['get', 'lists', 'wacth'])).toEqual(['verbs[1]: write "list"', 'verbs[2]: write "watch"']);
    expect(found(['gett'], 'configmap')).toEqual([
      'resources[0]: write "configmaps"',
      'verbs[0]: write "get"',
    ]);
  });

  test.each([
    'use',
    'bind',
    'escalate',
    'approve',
    'impersonate',
    'set',
    'sign',
    'delegate',
    'undelete',
    'recreate',
    '*',
    'impersonate:user-info',
  ])('that some program asks about is not: %s', (verb) => {
    expect(found([verb])).toEqual([]);
  });

  test('that people say instead is found', () => {
    expect(found(['read', 'write'])).toEqual(['verbs[0]: write "get"', 'verbs[1]: write "update"']);
  });

  test('that nobody knows hides no resource, where another is of a request', () => {
    expect(found(['get', 'admire'], 'configmap')).toEqual(['resources[0]: write "configmaps"']);
  });

  test('in another group may be that program’s own', () => {
    expect(
      unknownIn({ apiGroups: ['example.com'], resources: ['wishes'], verbs: ['lint', 'match'] }),
    ).toEqual([]);
  });

  test('in capitals is told of as that alone', () => {
    expect(found(['List'])).toEqual([]);
  });
});

test('of several resources each is found at its own place', () => {
  const resources = ['pod', 'pods', 'widgets'];
  const paths = unknownIn({ apiGroups: [''], resources, verbs: ['get'] }).map(({ path }) => path);
  expect(paths).toEqual(['resources[0]', 'resources[2]']);
});

test('whoever writes what is said of another name is told no more', () => {
  const meant = Object.keys(OTHER_NAMES).flatMap((name) => found([''], name).map(([, fix = '']) => fix));
  expect(meant).toHaveLength(Object.keys(OTHER_NAMES).length);
  for (const fix of meant) {
    const [, resource = '', group = ''] =
      /^write "([a-z]+)"(?:, and "([^"]*)" in apiGroups)?/.exec(fix) ?? [];
    expect(found([group], resource), fix).toEqual([]);
  }
});
