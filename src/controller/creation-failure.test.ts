import { describe, expect, test } from 'vitest';
import { issuedFor } from '../core/lifecycle/issued.ts';
import { GRANT_ACCOUNT } from '../core/testing/builders.ts';
import { aNewGrant } from '../core/testing/lifecycle.ts';
import { ApiError, NoAnswerError } from '../kube/api-error.ts';
import { creationFailure } from './creation-failure.ts';

const role = issuedFor(aNewGrant(), GRANT_ACCOUNT).find(
  ({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'support',
);

function failureOf(code: number, status: { message?: string; reason?: string; details?: object }) {
  if (!role) throw new Error('a Role is issued in namespace support');
  return creationFailure(new ApiError('create Role', code, status), role);
}

describe('a creation fails for good', () => {
  test('when the API server says that the grantor does not hold the rights, and which', () => {
    const message =
      'roles "x" is forbidden: user "g" (groups=["a"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"]}\n{APIGroups:["apps"]}';
    expect(failureOf(403, { reason: 'Forbidden', message })).toEqual({
      reason: 'BeyondCeiling',
      message:
        'the grantor of the class may not grant {APIGroups:[""], Resources:["secrets"]}, {APIGroups:["apps"]}: ask for less in a new TaskGrant, or widen the ceiling of the class',
    });
  });

  test('and whatever the rules have in them: what is no rule is left out, and costs nothing', () => {
    const denied = 'is attempting to grant RBAC permissions not currently held:';
    const message = `${denied}\n${'{'.repeat(3_000_000)}\n}{\n{Resources:["{}}"]}; resolution errors`;
    expect(failureOf(403, { reason: 'Forbidden', message })?.message).toContain(
      'may not grant {Resources:["{}}"]}: ask for less',
    );
  });

  test.each([
    ['does not exist', 404, { reason: 'NotFound', message: 'namespaces "support" not found' }],
    [
      'is being deleted',
      403,
      { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
    ],
  ])('when the namespace %s, and it is named', (_what, code, status) => {
    expect(failureOf(code, status)).toEqual({
      reason: 'NamespaceNotFound',
      message: 'namespace support does not exist, or is being deleted',
    });
  });
});

test.each([
  ['a quota', 403, 'exceeded quota: roles'],
  [
    'a policy of the cluster',
    403,
    "ValidatingAdmissionPolicy 'x' denied request: no grant may hold rights over Roles",
  ],
  ['a right that the controller lacks', 403, 'cannot create resource "roles"'],
  ['a validation that is newer than ours', 422, 'rules[0].verbs: Invalid value'],
])(
  'what %s refuses is said with the object’s name, and not waited for in silence',
  (_what, code, message) => {
    const failure = failureOf(code, { message });
    expect(failure?.reason).toBe('CreationRefused');
    expect(failure?.message).toContain('Role support/');
    expect(failure?.message).toContain(message);
  },
);

test.each([
  ['an overloaded server', 429],
  ['an error of the server', 500],
  ['a conflict', 409],
])('%s is no failure, but worth trying again', (_what, code) => {
  expect(failureOf(code, { message: 'try again' })).toBeUndefined();
});

test('a Role that is gone when its binding is created is worth trying again, and says nothing of the namespace', () => {
  const gone = { message: 'roles.rbac.authorization.k8s.io "x" not found', details: { kind: 'roles' } };
  expect(failureOf(404, gone)).toBeUndefined();
  expect(
    failureOf(404, { message: 'namespaces "x" not found', details: { kind: 'namespaces' } })?.reason,
  ).toBe('NamespaceNotFound');
});

test('where the controller may not act as the grantor, what to do is said before what the API server said', () => {
  const message =
    'serviceaccounts.authentication.k8s.io "default" is forbidden: User "c" cannot impersonate:serviceaccount resource "serviceaccounts" in API group "authentication.k8s.io" in the namespace "ai"';
  expect(failureOf(403, { message })).toMatchObject({
    reason: 'CreationRefused',
    message: expect.stringMatching(
      /^the controller may not act as the grantor of the class: .+class\.yaml/,
    ) as string,
  });
});

test('no answer is no failure: the object may be there', () => {
  if (!role) throw new Error('a Role is issued in namespace support');
  expect(creationFailure(new NoAnswerError('create Role', 'Timeout', 'no answer'), role)).toBeUndefined();
});
