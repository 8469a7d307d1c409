import { describe, expect, test } from 'vitest';
import { floorPolicies } from '../floor/floor.ts';
import { policyObjects } from '../floor/policy.ts';
import { contentOf, guardsAmong, isOfEnforcement, type Guard } from './guards.ts';

const ADMISSION = 'admissionregistration.k8s.io/v1';
const metadata = { name: 'taskgrant' };

/** As the chart writes it. */
const WRITTEN: Guard = {
  apiVersion: ADMISSION,
  kind: 'MutatingWebhookConfiguration',
  metadata,
  webhooks: [
    {
      name: 'pods.taskgrant.dev',
      clientConfig: { service: { namespace: 'system', name: 'webhook', path: '/mutate/pods' } },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    },
    { name: 'mints.taskgrant.dev', failurePolicy: 'Ignore', clientConfig: { url: 'https://a.example' } },
  ],
};

/** As the API server has it. */
const STORED: Guard = {
  ...WRITTEN,
  metadata: { ...metadata, uid: '1', labels: { a: 'b' } },
  webhooks: [
    {
      name: 'mints.taskgrant.dev',
      clientConfig: { caBundle: 'Q0E=', url: 'https://a.example' },
      failurePolicy: 'Ignore',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      reinvocationPolicy: 'Never',
      timeoutSeconds: 10,
    },
    {
      name: 'pods.taskgrant.dev',
      admissionReviewVersions: ['v1'],
      clientConfig: {
        caBundle: 'Q0E=',
        service: { namespace: 'system', name: 'webhook', path: '/mutate/pods', port: 443 },
      },
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      reinvocationPolicy: 'Never',
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' },
      ],
      sideEffects: 'None',
      timeoutSeconds: 10,
    },
  ],
};

describe('what a guard says', () => {
  test('is the same as it was written and as the API server fills it in, with whatever CA, in whatever order', () => {
    expect(contentOf(STORED)).toEqual(contentOf(WRITTEN));
  });

  test('is the same of a policy of the floor and what binds it', () => {
    const [floor] = floorPolicies({ namespace: 'system', name: 'taskgrant', probeNamespace: 'probe' });
    if (!floor) throw new Error('the floor has policies');
    const [policy, binding] = policyObjects(floor, metadata);
    const { matchConstraints } = policy.spec ?? {};
    const stored = {
      ...policy,
      status: { observedGeneration: 1 },
      spec: {
        ...policy.spec,
        matchConstraints: {
          ...matchConstraints,
          matchPolicy: 'Equivalent',
          namespaceSelector: {},
          objectSelector: {},
          resourceRules: matchConstraints?.resourceRules?.map((rule) => ({ ...rule, scope: '*' })),
        },
      },
    };
    const kind = 'ValidatingAdmissionPolicy' as const;
    expect(contentOf({ ...stored, kind })).toEqual(contentOf({ ...policy, kind }));
    const bound = { ...binding, kind: 'ValidatingAdmissionPolicyBinding' as const };
    const narrowed = { ...bound, spec: { ...binding.spec, matchResources: { namespaceSelector: {} } } };
    expect(contentOf(narrowed)).not.toEqual(contentOf(bound));
  });
});

test('of a manifest the guards are taken, by kind and name, and nothing else', () => {
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  expect([...guardsAmong([configMap, WRITTEN]).keys()]).toEqual(['MutatingWebhookConfiguration taskgrant']);
});

test('enforcement is by webhooks', () => {
  expect(isOfEnforcement(WRITTEN)).toBe(true);
  expect(isOfEnforcement({ kind: 'ValidatingAdmissionPolicy' })).toBe(false);
});
