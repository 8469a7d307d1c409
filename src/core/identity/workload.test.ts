import { describe, expect, test } from 'vitest';
import { aPod } from '../testing/builders.ts';
import { podOf, WORKLOAD_KINDS } from './workload.ts';

const metadata = { labels: { a: 'b' } };
const spec = { containers: [] };
const template = { metadata, spec };

test.each([
  ['CronJob', { spec: { jobTemplate: { spec: { template } } } }, 'spec.jobTemplate.spec.template.'],
  ['DaemonSet', { spec: { template } }, 'spec.template.'],
  ['Deployment', { spec: { template } }, 'spec.template.'],
  ['Job', { spec: { template } }, 'spec.template.'],
  ['PodTemplate', { template }, 'template.'],
  ['ReplicaSet', { spec: { template } }, 'spec.template.'],
  ['ReplicationController', { spec: { template } }, 'spec.template.'],
  ['StatefulSet', { spec: { template } }, 'spec.template.'],
])('the template of a %s is found', (kind, object, prefix) => {
  expect(podOf({ kind, metadata: { name: 'x', namespace: 'agents' }, ...object })).toEqual({
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, namespace: 'agents' }, spec },
    prefix,
  });
  expect(WORKLOAD_KINDS).toContain(kind);
});

test('a pod is itself', () => {
  const pod = aPod();
  expect(podOf(pod)).toEqual({ pod, prefix: '' });
});

test('the template’s own namespace is no pod’s: it is that of the object', () => {
  const object = { kind: 'Job', spec: { template: { metadata: { namespace: 'elsewhere' }, spec } } };
  expect(podOf({ ...object, metadata: { namespace: 'agents' } })?.pod.metadata.namespace).toBe('agents');
});

describe('an object makes no pod', () => {
  test.each([
    ['of another kind', { kind: 'ConfigMap', spec: { template } }],
    ['of no kind', { spec: { template } }],
    ['whose kind is no text', { kind: ['Job'], spec: { template } }],
    ['whose kind is a name that every object has', { kind: 'constructor', spec: { template } }],
    ['without a template', { kind: 'Job', spec: {} }],
    ['whose spec is nothing', { kind: 'Job', spec: null }],
    ['whose template is a list', { kind: 'Job', spec: { template: [] } }],
    ['whose template is a text', { kind: 'PodTemplate', template: 'x' }],
    ['on whose way is a text', { kind: 'CronJob', spec: { jobTemplate: 'x' } }],
    ['that is none', null],
    ['that is a text', 'Job'],
    ['that is a list', [{ kind: 'Job' }]],
  ])('%s', (_, object) => {
    expect(podOf(object)).toBeUndefined();
  });
});

test('whatever stands within a template is left to whoever reads the pod', () => {
  expect(
    podOf({ kind: 'Job', metadata: null, spec: { template: { metadata: null, spec: 7 } } })?.pod,
  ).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: 7,
  });
});

test('metadata that is a text stays one, however long: it is not made into as many fields', () => {
  const text = 'a'.repeat(3_000_000);
  const object = {
    kind: 'Job',
    metadata: { namespace: 'agents' },
    spec: { template: { metadata: text, spec } },
  };
  expect(podOf(object)?.pod.metadata).toBe(text);
});
