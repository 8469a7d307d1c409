import { expect, test } from 'vitest';
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
  ['a field that is not there', { enveloppe: {} }, 'spec.enveloppe', 'no such field'],
  ['one further down', { workload: { images: ['a'], image: 'b' } }, 'spec.workload.image', 'no such field'],
  ['a missing field', { workload: {} }, 'spec.workload', 'must have required properties images'],
  [
    'a value beyond its bound',
    { envelope: { tokens: [{ name: 'api', expirationSeconds: 5 }] } },
    'spec.envelope.tokens[0].expirationSeconds',
    'must be >= 600',
  ],
  ['a duration that is none', { duration: '1 day' }, 'spec.duration', 'must be hours, minutes and seconds'],
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

test.each(['Bad_Name', '-a', 'a.', 'a..b', 'x'.repeat(254)])('%s is no name', (name) => {
  const named = { ...grant({}), metadata: { ...metadata, name } };
  expect(parseGrant(named, 0)).toMatchObject({ faults: [{ path: 'metadata.name' }] });
});

test.each(['a', '0', 'a-b.c', 'x'.repeat(253)])('%s is a name', (name) => {
  expect(parseGrant({ ...grant({}), metadata: { ...metadata, name } }, 0)).toHaveProperty('object');
});
