import { describe, expect, test } from 'vitest';
import type { AdmissionRequest, ObjectMeta } from '../api/kubernetes.ts';
import { GRANT_NAME } from '../core/testing/builders.ts';
import type { Facts } from './facts.ts';
import { codesOf, review, someFacts } from './testing.ts';
import { createBindingValidator } from './validate-bindings.ts';

const SCHEDULER = { username: 'system:kube-scheduler' };
const aBinding = (metadata: ObjectMeta = { name: 'summarise' }) => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata,
  target: { kind: 'Node', name: 'node-1' },
});
const binding = (facts: Facts, request: Partial<AdmissionRequest> = {}) =>
  review(createBindingValidator(facts), {
    object: aBinding(),
    userInfo: SCHEDULER,
    name: 'summarise',
    ...request,
  });
const granted = someFacts({ podsGrant: GRANT_NAME });

describe('the pod of a grant', () => {
  test('is bound by a scheduler', async () => {
    expect(await binding(granted)).toEqual({
      allowed: true,
      audit: { grant: GRANT_NAME, decision: 'd-0123456789abcdef' },
    });
  });

  test('is bound by nobody else', async () => {
    for (const userInfo of [{ username: 'jane' }, {}, { username: '' }]) {
      expect(codesOf(await binding(granted, { userInfo }))).toEqual(['NodeAccess']);
    }
  });

  test('gets nothing by it that its envelope does not have', async () => {
    const object = aBinding({ name: 'summarise', annotations: { 'iam.amazonaws.com/role': 'x' } });
    expect(await binding(granted, { object })).toMatchObject({
      headline: 'the pod cannot be bound so',
      violations: [{ code: 'ExternalIdentityNotGranted' }],
      audit: { grant: GRANT_NAME },
    });
  });

  test('is not bound where its grant is gone', async () => {
    expect(codesOf(await binding(someFacts({ podsGrant: 'gone' })))).toEqual(['GrantNotFound']);
  });
});

test('whose pod it is, the request says; or the binding, where the request says nothing', async () => {
  const asked: string[] = [];
  const facts = {
    ...granted,
    pods: {
      ...granted.pods,
      grantNameOf: (namespace: string, name: string) => {
        asked.push(`${namespace}/${name}`);
        return Promise.resolve(undefined);
      },
    },
  };
  await binding(facts, { name: 'of-request' });
  await binding(facts, { name: '' });
  await binding(facts, { name: '', object: aBinding({}) });
  expect(asked).toEqual(['agents/of-request', 'agents/summarise', 'agents/']);
});

describe('a pod without a grant', () => {
  const object = aBinding({ annotations: { 'iam.amazonaws.com/role': 'x' } });

  test('is bound by anybody, with anything', async () => {
    expect(await binding(someFacts(), { object, userInfo: { username: 'jane' } })).toEqual({
      allowed: true,
      audit: {},
    });
  });

  test('gets no identity by it where it may have none', async () => {
    const facts = someFacts({ enforceLevel: 'required' });
    expect(codesOf(await binding(facts, { object }))).toEqual(['GrantRequired']);
    expect(codesOf(await binding(facts))).toEqual([]);
  });

  test('comes under no grant by it', async () => {
    const labelled = aBinding({ labels: { 'taskgrant.dev/grant': GRANT_NAME } });
    expect(codesOf(await binding(someFacts(), { object: labelled }))).toEqual(['GrantLabelImmutable']);
  });
});

test('what is no binding is none', async () => {
  await expect(binding(granted, { object: { metadata: {} } })).rejects.toThrow('the object is no Binding');
});
