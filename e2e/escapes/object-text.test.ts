import { expect, test } from 'vitest';
import { fill } from './object-text.ts';

test('a place is filled in wherever it stands', () => {
  expect(fill('{{namespace}}/{{node}} {{namespace}}', { namespace: 'a', node: 'b' })).toBe('a/b a');
});

test('a place that nobody knows of is an error, not an empty text', () => {
  expect(() => fill('{{elsewhere}}', {})).toThrow('{{elsewhere}}');
});
