import { expect, test } from 'vitest';
import { withDefaults } from './defaults.ts';
import { taskGrantSchema } from './taskgrant.ts';

const authored = {
  task: { intent: 'Summarise' },
  workload: { images: ['agent:v1'], maxPods: null },
  envelope: { tokens: [{ name: 'api' }] },
  duration: '15m',
};

test('every default is filled in, within lists and where there is null, and what is said stays', () => {
  expect(withDefaults(taskGrantSchema.spec, authored)).toEqual({
    task: { intent: 'Summarise' },
    workload: { images: ['agent:v1'], maxPods: 1, allowExec: false },
    envelope: { tokens: [{ name: 'api', expirationSeconds: 600 }] },
    onDrift: 'Revoke',
    duration: '15m',
    completion: { succeeded: 1, podsRunning: 'Terminate' },
    ttlAfterFinished: '24h',
    suspend: false,
    revoke: false,
  });
  expect(authored.workload.maxPods).toBeNull();
});

test('a null in a field that the schema does not know stays, and one in a map of free keys does not', () => {
  const envelope = { externalIdentity: { a: null }, tokens: [{ name: 'api', frobnicate: null }] };
  expect(withDefaults(taskGrantSchema.spec, { ...authored, envelope, frobnicate: null })).toMatchObject({
    envelope: { externalIdentity: {}, tokens: [{ name: 'api', frobnicate: null }] },
    frobnicate: null,
  });
});

test('what is no object is left as it is', () => {
  expect(withDefaults(taskGrantSchema.spec, 'nonsense')).toBe('nonsense');
});
