import { expect, test } from 'vitest';
import { cutToBytes, eventName, referenceTo } from './events.ts';
import { microTime } from './micro-time.ts';

test.each([
  [{ name: 'summarise-4711' }, 'summarise-4711.abc'],
  [{ name: 'taskgrant:support:Summarise' }, 'taskgrant-support-summarise.abc'],
  [{ name: 'ends-with-colon:' }, 'ends-with-colon.abc'],
  [{ name: '::' }, 'abc'],
  [{}, 'abc'],
  [{ name: 'x'.repeat(300) }, `${'x'.repeat(249)}.abc`],
])('an Event about %j is named as a DNS subdomain', (regarding, expected) => {
  expect(eventName(regarding, 'abc')).toBe(expected);
  expect(expected.length).toBeLessThanOrEqual(253);
});

test('a note is cut at bytes, and no character in half', () => {
  expect(cutToBytes('äöü', 5)).toBe('äö');
  expect(cutToBytes('short', 1024)).toBe('short');
  expect(cutToBytes('a👍b', 4)).toBe('a');
});

test('times have six digits of fraction', () => {
  expect(microTime(new Date('2026-11-23T09:00:00.123Z'))).toBe('2026-11-23T09:00:00.123000Z');
});

test('a reference has what is known of the object, and nothing undefined', () => {
  const object = {
    apiVersion: 'taskgrant.dev/v1alpha1',
    kind: 'TaskGrantClass',
    metadata: { name: 'c', uid: 'u' },
  };
  expect(Object.keys(referenceTo(object))).toEqual(['apiVersion', 'kind', 'name', 'uid']);
});
