import { expect, test } from 'vitest';
import { nearestOf } from './nearest.ts';

test.each([
  ['enveloppe', 'envelope'],
  ['image', 'images'],
  ['MAXPODS', 'maxPods'],
  ['maxPod', 'maxPods'],
  ['tsak', 'task'],
])('whoever writes %s means %s', (word, meant) => {
  expect(nearestOf(word, ['envelope', 'images', 'maxPods', 'task'])).toBe(meant);
});

test.each(['', 'replicas', 'timeout', 'x'.repeat(10_000)])('what is meant by %s nobody knows', (word) => {
  expect(nearestOf(word, ['envelope', 'images', 'maxPods', 'task'])).toBeUndefined();
});
