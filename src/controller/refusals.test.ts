import { expect, test } from 'vitest';
import { createRefusals } from './refusals.ts';

const failure = { reason: 'CreationRefused', message: 'quota' } as const;

test('what was refused is known until it is time to try again, and then no more', () => {
  const refusals = createRefusals();
  refusals.note('agents/a', 'uid-1', failure, 5000);
  expect(refusals.recall('agents/a', 'uid-1', 4999)).toMatchObject({ failure, until: 5000 });
  expect(refusals.recall('agents/a', 'uid-1', 5000)).toBeUndefined();
  expect(refusals.recall('agents/a', 'uid-1', 0)).toBeUndefined();
});

test('that it is known puts nothing off: what is noted again meanwhile is the same attempt', () => {
  const refusals = createRefusals();
  refusals.note('agents/a', 'uid-1', failure, 5000);
  refusals.note('agents/a', 'uid-1', failure, 9000);
  expect(refusals.recall('agents/a', 'uid-1', 0)?.until).toBe(5000);
});

test('another grant of the name is tried at once', () => {
  const refusals = createRefusals();
  refusals.note('agents/a', 'uid-1', failure, 5000);
  expect(refusals.recall('agents/a', 'uid-2', 0)).toBeUndefined();
});

test('what failed for good, or did not fail, is not kept', () => {
  const refusals = createRefusals();
  refusals.note('agents/a', 'uid-1', { reason: 'NameTaken', message: 'taken' }, 5000);
  refusals.note('agents/b', 'uid-2', undefined, 5000);
  refusals.note('agents/c', 'uid-3', failure, undefined);
  for (const [key, uid] of [
    ['agents/a', 'uid-1'],
    ['agents/b', 'uid-2'],
    ['agents/c', 'uid-3'],
  ] as const)
    expect(refusals.recall(key, uid, 0)).toBeUndefined();
});
