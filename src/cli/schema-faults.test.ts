import { expect, test } from 'vitest';
import type { KubernetesObject } from '../api/kubernetes.ts';
import { structural, type StructuralSchema } from '../api/crd.ts';
import { taskGrantSchema } from '../api/taskgrant.ts';
import { taskGrantClassSchema } from '../api/taskgrantclass.ts';
import { createDialect, isFault } from '../core/cel/dialect.ts';
import { parseClass, parseGrant } from './schema-faults.ts';

const metadata = { name: 'a', namespace: 'agents' };
const spec = { task: { intent: 'x' }, workload: { images: ['a'] }, duration: '15m' };
const grant = (change: object) => ({
  apiVersion: 'taskgrant.dev/v1alpha1',
  kind: 'TaskGrant',
  metadata,
  spec: { ...spec, ...change },
});

test('a grant is what the API server would store: with every default', () => {
  expect(parseGrant(grant({}), 0)).toMatchObject({
    object: {
      metadata: { name: 'a', creationTimestamp: '1970-01-01T00:00:00.000Z' },
      spec: { workload: { maxPods: 1 }, envelope: {}, revoke: false },
    },
  });
});

test.each([
  ['a field that is not there', { replicas: 1 }, 'spec.replicas', 'no such field'],
  ['one that is null', { frobnicate: null }, 'spec.frobnicate', 'no such field'],
  [
    'one that is null in a list',
    { envelope: { tokens: [{ name: 'api', audiences: null }] } },
    'spec.envelope.tokens[0].audiences',
    'did you mean audience?',
  ],
  ['one that is misspelled', { enveloppe: {} }, 'spec.enveloppe', 'no such field: did you mean envelope?'],
  [
    'one further down',
    { workload: { images: ['a'], maxpods: 1 } },
    'spec.workload.maxpods',
    'did you mean maxPods?',
  ],
  [
    'one in a list',
    { envelope: { tokens: [{ name: 'api', audiences: 'x' }] } },
    'spec.envelope.tokens[0].audiences',
    'did you mean audience?',
  ],
  ['a missing field', { workload: {} }, 'spec.workload', 'must have required properties images'],
  [
    'a value beyond its bound',
    { envelope: { tokens: [{ name: 'api', expirationSeconds: 5 }] } },
    'spec.envelope.tokens[0].expirationSeconds',
    'must be >= 600',
  ],
  ['a duration that is none', { duration: '1 day' }, 'spec.duration', 'must be hours, minutes and seconds'],
  ['a day', { duration: '1d' }, 'spec.duration', 'a day is 24h'],
  ['no time at all', { duration: '0s' }, 'spec.duration', 'must be longer than nothing'],
  [
    'a lifetime that is another one',
    { envelope: { tokens: [{ name: 'api', expirationSeconds: 3607 }] } },
    'spec.envelope.tokens[0].expirationSeconds',
    'use another',
  ],
  ['a wrong type', { duration: 15 }, 'spec.duration', 'must be string'],
])('what its schema does not allow is said with its path: %s', (_what, change, path, words) => {
  expect(parseGrant(grant(change), 0)).toMatchObject({
    faults: [{ path, message: expect.stringContaining(words) as string }],
  });
});

test('a grant has a name, and a spec', () => {
  expect(parseGrant({ ...grant({}), metadata: {} }, 0)).toMatchObject({ faults: [{ path: 'metadata' }] });
  expect(parseGrant({ apiVersion: 'taskgrant.dev/v1alpha1', kind: 'TaskGrant', metadata }, 0)).toHaveProperty(
    'faults',
  );
});

test('a class is held to its own schema', () => {
  const itsClass = { apiVersion: 'taskgrant.dev/v1alpha1', kind: 'TaskGrantClass', metadata: { name: 'a' } };
  const limited = (maxDuration: string) => ({
    ...itsClass,
    spec: { authorization: 'Ceiling', grantor: { namespace: 'a', name: 'b' }, limits: { maxDuration } },
  });
  expect(parseClass(limited('1h'), 0)).toHaveProperty('object');
  expect(parseClass(limited('an hour'), 0)).toMatchObject({ faults: [{ path: 'spec.limits.maxDuration' }] });
});

test('a value that is none of those that there are is told which there are', () => {
  const itsClass = {
    apiVersion: 'taskgrant.dev/v1alpha1',
    kind: 'TaskGrantClass',
    metadata: { name: 'a' },
    spec: {
      authorization: 'Ceiling',
      grantor: { namespace: 'a', name: 'b' },
      approval: { requiredAtRisk: 'high' },
    },
  };
  expect(parseClass(itsClass, 0)).toEqual({
    faults: [
      { path: 'spec.approval.requiredAtRisk', message: 'must be one of None, Low, Medium, High, Critical' },
    ],
  });
});

test('what stands where no object has anything is told', () => {
  const beside = {
    ...grant({}),
    Spec: {},
    data: {},
    metadata: {
      ...metadata,
      label: { a: 'b' },
      finalizers: 'none',
      ownerReferences: [{ label: 'a', contoller: true }],
    },
  } as object as KubernetesObject;
  expect(parseGrant(beside, 0)).toEqual({
    faults: [
      { path: 'Spec', message: 'no such field: did you mean spec?' },
      { path: 'data', message: 'no such field' },
      { path: 'metadata.label', message: 'no such field: did you mean labels?' },
      { path: 'metadata.finalizers', message: 'must be a list, not a string' },
      { path: 'metadata.ownerReferences[0].label', message: 'no such field' },
      { path: 'metadata.ownerReferences[0].contoller', message: 'no such field: did you mean controller?' },
    ],
  });
});

test('every rule in CEL that is not about a change can be told here', () => {
  const rulesIn = (schema: StructuralSchema): string[] => [
    ...((schema['x-kubernetes-validations'] ?? []) as { rule: string }[]).map(({ rule }) => rule),
    ...Object.values(schema.properties ?? {}).flatMap(rulesIn),
    ...(schema.items ? rulesIn(schema.items) : []),
  ];
  const rules = [taskGrantSchema, taskGrantClassSchema]
    .flatMap(({ spec, status }) => [...rulesIn(structural(spec)), ...rulesIn(structural(status))])
    .filter((rule) => !rule.includes('oldSelf'));
  expect(rules.length).toBeGreaterThan(3);
  const { compile } = createDialect({ self: 'dyn' });
  expect(rules.filter((rule) => isFault(compile(rule)))).toEqual([]);
});

test.each(['Bad_Name', '-a', 'a.', 'a..b', 'x'.repeat(254)])('%s is no name', (name) => {
  const named = { ...grant({}), metadata: { ...metadata, name } };
  expect(parseGrant(named, 0)).toMatchObject({ faults: [{ path: 'metadata.name' }] });
});

test.each(['a', '0', 'a-b.c', 'x'.repeat(253)])('%s is a name', (name) => {
  expect(parseGrant({ ...grant({}), metadata: { ...metadata, name } }, 0)).toHaveProperty('object');
});
