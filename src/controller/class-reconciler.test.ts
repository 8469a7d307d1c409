import { expect, test } from 'vitest';
import { aClass } from '../core/testing/builders.ts';
import { acceptedCondition } from './class-reconciler.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');

test('a class that this version can enforce is accepted', () => {
  expect(acceptedCondition(aClass({ limits: { maxPods: 3 } }), NOON)).toMatchObject({
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    lastTransitionTime: '2026-11-23T12:00:00.000Z',
  });
});

test('a class that demands more is not, and everything that is too much is named', () => {
  const condition = acceptedCondition(
    aClass({ validations: [{ expression: 'true' }, { expression: 'false' }] }),
    NOON,
  );
  expect(condition).toMatchObject({ status: 'False', reason: 'NotSupportedYet' });
  expect(condition.message).toContain('spec.validations');
  expect(condition.message).toContain('2 entries');
});

test('nor is one whose selector makes no sense', () => {
  const namespaceSelector = {
    matchExpressions: [{ key: 'team', operator: 'Exists' as const, values: ['a'] }],
  };
  const condition = acceptedCondition(aClass({ namespaceSelector }), NOON);
  expect(condition).toMatchObject({ status: 'False', reason: 'Invalid' });
  expect(condition.message).toContain('spec.namespaceSelector.matchExpressions[0].values');
});

test('the time of transition is kept while the answer stays the same', () => {
  const before = acceptedCondition(aClass(), NOON);
  const again = { ...aClass({ limits: { maxPods: 1 } }), status: { conditions: [before] } };
  expect(acceptedCondition(again, NOON + 60_000).lastTransitionTime).toBe(before.lastTransitionTime);
  const worse = { ...aClass({ validations: [{ expression: 'true' }] }), status: { conditions: [before] } };
  expect(acceptedCondition(worse, NOON + 60_000).lastTransitionTime).toBe('2026-11-23T12:01:00.000Z');
});
