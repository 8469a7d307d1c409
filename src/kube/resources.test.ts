import { expect, test } from 'vitest';
import { apiVersionOf, leases, namespaces, pathOf, pods, taskGrants } from './resources.ts';

test.each([
  [pathOf(pods, { namespace: 'ns' }), '/api/v1/namespaces/ns/pods'],
  [pathOf(pods, {}), '/api/v1/pods'],
  [
    pathOf(pods, { namespace: 'ns', name: 'a', subresource: 'status' }),
    '/api/v1/namespaces/ns/pods/a/status',
  ],
  [pathOf(namespaces, { name: 'ns' }), '/api/v1/namespaces/ns'],
  [pathOf(namespaces, { namespace: 'ns', name: 'ns' }), '/api/v1/namespaces/ns'],
  [pathOf(leases, { namespace: 'ns', name: 'l' }), '/apis/coordination.k8s.io/v1/namespaces/ns/leases/l'],
  [
    pathOf(taskGrants, { namespace: 'ns', name: 'g', subresource: 'status' }),
    '/apis/taskgrant.dev/v1alpha1/namespaces/ns/taskgrants/g/status',
  ],
])('the path is %s', (path, expected) => {
  expect(path).toBe(expected);
});

test('a name with a colon is escaped, as RBAC has such names', () => {
  expect(pathOf(pods, { namespace: 'ns', name: 'taskgrant:a b' })).toBe(
    '/api/v1/namespaces/ns/pods/taskgrant%3Aa%20b',
  );
});

test.each(['', '.', '..', '../secrets/x', 'a/b'])(
  '%j is refused as a name, since it would lead elsewhere',
  (name) => {
    expect(() => pathOf(pods, { namespace: 'ns', name })).toThrow(TypeError);
    expect(() => pathOf(pods, { namespace: name, name: 'a' })).toThrow(TypeError);
  },
);

test('the core group has no name in apiVersion', () => {
  expect([apiVersionOf(pods), apiVersionOf(leases)]).toEqual(['v1', 'coordination.k8s.io/v1']);
});
