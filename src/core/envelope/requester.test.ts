import { expect, test } from 'vitest';
import type { KubernetesRule } from '../../api/taskgrant.ts';
import { aGrant, withEnvelope } from '../testing/builders.ts';
import {
  accessReview,
  approverMustHold,
  beyondRequester,
  canBeAsked,
  envelopeRights,
  MAX_QUESTIONS,
  renderRight,
  requesterMustHold,
  requesterMustUse,
  withoutRequester,
} from './requester.ts';

const granting = (...kubernetes: KubernetesRule[]) => aGrant(withEnvelope({ kubernetes }));
const many = (count: number) => Array.from({ length: count }, (_, index) => `x${index}`);

test('an envelope without rules asks nothing', () => {
  expect(requesterMustHold(aGrant())).toEqual([]);
});

test('a rule is asked in the grant’s own namespace where it names none', () => {
  const grant = granting({
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: ['tickets'],
    verbs: ['get'],
  });
  expect(requesterMustHold(grant)).toEqual([
    { namespace: 'agents', verb: 'get', group: '', resource: 'configmaps', name: 'tickets' },
  ]);
});

test('every combination of namespace, group, resource, name and verb is a question', () => {
  const grant = granting({
    namespaces: ['a', 'b'],
    apiGroups: ['', 'apps'],
    resources: ['pods/log', 'deployments'],
    verbs: ['get', 'list'],
  });
  const questions = requesterMustHold(grant);
  expect(questions).toHaveLength(16);
  expect(questions).toContainEqual({ namespace: 'b', verb: 'list', group: 'apps', resource: 'deployments' });
  expect(questions).toContainEqual({
    namespace: 'a',
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: 'log',
  });
});

test('the same right in two rules is asked once', () => {
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
  expect(requesterMustHold(granting(rule, { ...rule, verbs: ['get', 'list'] }))).toHaveLength(2);
});

test('wildcards are asked as they are written', () => {
  const grant = granting({ apiGroups: ['*'], resources: ['*/scale', '*'], verbs: ['*'] });
  expect(requesterMustHold(grant)).toEqual([
    { namespace: 'agents', verb: '*', group: '*', resource: '*', subresource: 'scale' },
    { namespace: 'agents', verb: '*', group: '*', resource: '*' },
  ]);
});

test('rules that spell out more than can be asked are refused, and not spelled out', () => {
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: many(8) };
  const most = granting({ ...rule, resourceNames: many(32) });
  expect(requesterMustHold(most)).toHaveLength(MAX_QUESTIONS);
  expect(canBeAsked(most)).toEqual([]);
  const broad = granting({ ...rule, resourceNames: many(32) }, { ...rule, verbs: ['get'] });
  expect(requesterMustHold(broad)).toEqual([]);
  expect(canBeAsked(broad)).toMatchObject([
    { code: 'EnvelopeTooBroad', path: 'spec.envelope.kubernetes', allowed: '256' },
  ]);
});

test('a review asks about everything that the API server said of the user', () => {
  const user = { username: 'jane', uid: '7', groups: ['dev'], extra: { scopes: ['a', 'b'] } };
  expect(accessReview(user, { verb: 'use', resource: 'taskgrantclasses' })).toEqual({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: 'jane',
      uid: '7',
      groups: ['dev'],
      extra: { scopes: ['a', 'b'] },
      resourceAttributes: { verb: 'use', resource: 'taskgrantclasses' },
    },
  });
  expect(accessReview({ username: 'jane' }, {}).spec).toEqual({ user: 'jane', resourceAttributes: {} });
});

test('a right is said in words', () => {
  const right = {
    namespace: 'support',
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: 'log',
    name: 'a',
  };
  expect(renderRight(right)).toBe('get pods/log "a" in namespace support');
  expect(renderRight({ namespace: 'b', verb: 'list', group: 'apps', resource: 'deployments' })).toBe(
    'list deployments.apps in namespace b',
  );
});

test('each right that the requester lacks is a violation of the entry that gives it', () => {
  const right = { namespace: 'support', verb: 'delete', group: '', resource: 'pods' };
  const grant = granting(
    { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
    { namespaces: ['support'], apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  );
  expect(beyondRequester(grant, 'jane', [right])).toEqual([
    {
      code: 'BeyondRequester',
      path: 'spec.envelope.kubernetes[1]',
      asked: 'delete pods in namespace support',
      allowed: 'nothing that covers it',
      fix: 'ask for less, or let somebody create the grant who holds it: jane does not',
    },
  ]);
});

test('who has something written on the grant’s account must be one who could create such an account', () => {
  const grant = aGrant(withEnvelope({ externalIdentity: { 'eks.amazonaws.com/role-arn': 'admin' } }));
  const right = { namespace: 'agents', verb: 'create', group: '', resource: 'serviceaccounts' };
  expect(requesterMustHold(grant)).toEqual([right]);
  expect(envelopeRights(grant)).toEqual([]);
  expect(beyondRequester(grant, 'jane', [right])).toMatchObject([{ path: 'spec.envelope.externalIdentity' }]);
});

test('the class has to be used in the grant’s namespace, and in every other that it reaches, once', () => {
  const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
  const use = (namespace: string) => ({
    namespace,
    verb: 'use',
    group: 'taskgrant.dev',
    resource: 'taskgrantclasses',
    name: 'fast',
  });
  expect(requesterMustUse(aGrant(), 'fast')).toEqual([use('agents')]);
  const reaching = granting({ ...rule, namespaces: ['b', 'agents'] }, rule, { ...rule, namespaces: ['b'] });
  expect(requesterMustUse(reaching, 'fast')).toEqual([use('agents'), use('b')]);
});

test('a spec without its requester says all else', () => {
  const { requestedBy, ...others } = aGrant().spec;
  expect(requestedBy).toBeDefined();
  expect(withoutRequester(aGrant().spec)).toEqual(others);
});

test('who approves must hold that wherever the grant reaches, as who uses the class does', () => {
  const grant = granting({
    namespaces: ['support', 'agents'],
    apiGroups: [''],
    resources: ['pods'],
    verbs: ['get'],
  });
  expect(approverMustHold(grant, 'wide')).toEqual(
    requesterMustUse(grant, 'wide').map((question) => ({ ...question, verb: 'approve' })),
  );
  expect(approverMustHold(grant, 'wide').map(({ namespace }) => namespace)).toEqual(['agents', 'support']);
});
