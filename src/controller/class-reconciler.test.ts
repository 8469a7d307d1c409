import { expect, test } from 'vitest';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { aClass } from '../core/testing/builders.ts';
import { conditionsOf } from './class-reconciler.ts';
import type { Impersonation } from './impersonation.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const release = { namespace: 'taskgrant-system', name: 'taskgrant' };

function said(itsClass: TaskGrantClass, now = NOON, impersonation: Impersonation = 'Constrained') {
  const metadata = { uid: 'u', resourceVersion: '1', creationTimestamp: '', ...itsClass.metadata };
  return conditionsOf({ ...itsClass, metadata }, { release, impersonation, now });
}

const accepted = (itsClass: TaskGrantClass, now?: number) => said(itsClass, now)[0];

test('a class that this version can enforce is accepted', () => {
  expect(accepted(aClass({ limits: { maxPods: 3 } }))).toMatchObject({
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    lastTransitionTime: '2026-11-23T12:00:00.000Z',
  });
});

test('a class whose expressions do not compile is not, and each of them is named with its place', () => {
  const condition = accepted(
    aClass({ validations: [{ expression: 'nobody' }, { expression: 'true' }, { expression: '1 +' }] }),
  );
  expect(condition).toMatchObject({ status: 'False', reason: 'Invalid' });
  expect(condition?.message).toContain(
    'spec.validations[0].expression: asked nobody, compiling it says no variable',
  );
  expect(condition?.message).toContain('spec.validations[2].expression');
  expect(condition?.message).not.toContain('spec.validations[1]');
});

test('nor is one whose selector makes no sense', () => {
  const namespaceSelector = {
    matchExpressions: [{ key: 'team', operator: 'Exists' as const, values: ['a'] }],
  };
  const condition = accepted(aClass({ namespaceSelector }));
  expect(condition).toMatchObject({ status: 'False', reason: 'Invalid' });
  expect(condition?.message).toContain('spec.namespaceSelector.matchExpressions[0].values');
});

test('nor one whose grantor the floor does not know by its name', () => {
  const grantor = { namespace: 'taskgrant-system', name: 'deployer' };
  const condition = accepted(aClass({ grantor }));
  expect(condition).toMatchObject({ status: 'False', reason: 'GrantorUnknown' });
  expect(condition?.message).toContain('taskgrant-system/taskgrant-grantor-<name>');
});

test.each([
  ['Constrained', 'True', 'ConstrainedImpersonation'],
  ['Plain', 'True', 'PlainImpersonation'],
  ['Refused', 'False', 'ImpersonationRefused'],
] as const)(
  'what the controller was found to be able to do as the grantor is said: %s',
  (found, status, reason) => {
    expect(said(aClass(), NOON, found)[1]).toMatchObject({ type: 'GrantorUsable', status, reason });
  },
);

test('the time of transition is kept while the answer stays the same', () => {
  const conditions = said(aClass());
  const [before] = conditions;
  const again = { ...aClass({ limits: { maxPods: 1 } }), status: { conditions } };
  expect(accepted(again, NOON + 60_000)?.lastTransitionTime).toBe(before?.lastTransitionTime);
  const worse = { ...aClass({ validations: [{ expression: '1' }] }), status: { conditions } };
  expect(accepted(worse, NOON + 60_000)?.lastTransitionTime).toBe('2026-11-23T12:01:00.000Z');
});
