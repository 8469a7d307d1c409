import { describe, expect, test } from 'vitest';
import { isRecord, labelOf } from './record.ts';

test('a record is an object that is no list', () => {
  expect([{}, Object.create(null)].every(isRecord)).toBe(true);
  expect([null, undefined, [], 'a', 1, true].some(isRecord)).toBe(false);
});

describe('a label', () => {
  const labelled = (labels: unknown) => labelOf({ metadata: { labels } }, 'example.com/a');

  test('has its value', () => {
    expect(labelled({ 'example.com/a': 'x' })).toBe('x');
    expect(labelled({ 'example.com/b': 'x' })).toBeUndefined();
  });

  test('that is null is empty, as the API server takes it', () => {
    expect(labelled({ 'example.com/a': null })).toBe('');
  });

  test.each([[1], [{}], [[]], [true]])('that is no text is none: %j', (value) => {
    expect(labelled({ 'example.com/a': value })).toBeUndefined();
  });

  test('is none of what has no labels, whatever it is', () => {
    for (const labels of [null, 'example.com/a', ['example.com/a'], 7])
      expect(labelled(labels)).toBeUndefined();
    for (const object of [null, undefined, 'a', 1, [], {}, { metadata: null }, { metadata: [] }]) {
      expect(labelOf(object, 'example.com/a')).toBeUndefined();
    }
  });

  test('is its own, not one that every object has', () => {
    expect(labelOf({ metadata: { labels: {} } }, 'constructor')).toBeUndefined();
    expect(labelOf(JSON.parse('{"metadata": {"labels": {"__proto__": "x"}}}'), '__proto__')).toBe('x');
  });
});
