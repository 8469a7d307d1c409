import { expect, test } from 'vitest';
import { withFindings, type Finding } from './conditions.ts';

const BEFORE = '2026-11-23T09:00:00.000Z';
const NOW = '2026-11-23T09:00:30.000Z';

const waiting: Finding = { type: 'Active', status: 'False', reason: 'NotBefore', message: 'not before noon' };
const accepted: Finding = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'in order' };
const before = withFindings([], [accepted, waiting], { time: BEFORE, generation: 1 });

test('a condition is said since the moment of its first saying, of the generation that was looked at', () => {
  expect(before).toEqual([
    { ...accepted, lastTransitionTime: BEFORE, observedGeneration: 1 },
    { ...waiting, lastTransitionTime: BEFORE, observedGeneration: 1 },
  ]);
});

test('the time of transition moves when the status does', () => {
  const after = withFindings(before, [{ ...waiting, status: 'True', reason: 'Active' }], {
    time: NOW,
    generation: 2,
  });
  expect(after.find(({ type }) => type === 'Active')).toMatchObject({
    lastTransitionTime: NOW,
    observedGeneration: 2,
  });
});

test('another reason or message for the same status is no transition', () => {
  const after = withFindings(before, [{ ...waiting, reason: 'Pending', message: 'no class' }], {
    time: NOW,
    generation: 1,
  });
  expect(after.find(({ type }) => type === 'Active')).toMatchObject({
    reason: 'Pending',
    message: 'no class',
    lastTransitionTime: BEFORE,
  });
});

test('what nothing is found about stays as it was said, and each type is there once', () => {
  const after = withFindings(before, [waiting], { time: NOW, generation: 2 });
  expect(after.map(({ type }) => type).toSorted()).toEqual(['Accepted', 'Active']);
  expect(after.find(({ type }) => type === 'Accepted')).toEqual(before[0]);
});

test('a message longer than anybody reads is cut, because the API server would refuse the whole status for it', () => {
  const [condition] = withFindings([], [{ ...waiting, message: 'x'.repeat(1_000_000) }], {
    time: NOW,
    generation: 1,
  });
  expect(condition?.message).toHaveLength(4096);
  expect(condition?.message.endsWith('x…')).toBe(true);
});
