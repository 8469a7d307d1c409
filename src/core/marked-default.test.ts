import { expect, test } from 'vitest';
import { DEFAULT_STORAGE_CLASS, markedAsDefault } from './marked-default.ts';

const [ANNOTATION = '', BETA = ''] = DEFAULT_STORAGE_CLASS;
const marked = (name: string, creationTimestamp?: string, annotation = ANNOTATION) => ({
  metadata: { name, annotations: { [annotation]: 'true' }, ...(creationTimestamp && { creationTimestamp }) },
});
const defaultOf = (...objects: ReturnType<typeof marked>[]) =>
  markedAsDefault(objects, DEFAULT_STORAGE_CLASS)?.metadata.name;

test('the default is the newest that is marked, and the first by name of two that are as old', () => {
  const [old, late] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];
  expect(defaultOf(marked('a', old), marked('b', late))).toBe('b');
  expect(defaultOf(marked('b', old), marked('a', old))).toBe('a');
});

test('what is in no cluster yet is newer than all that are', () => {
  expect(defaultOf(marked('a', '2026-01-01T00:00:00Z'), marked('b'))).toBe('b');
});

test('the annotation from before counts as well, and nothing else does', () => {
  expect(defaultOf(marked('a', undefined, BETA))).toBe('a');
  expect(defaultOf(marked('a', undefined, 'example.com/is-default-class'))).toBeUndefined();
});
