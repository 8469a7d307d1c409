import { describe, expect, test } from 'vitest';
import { withGrantSpec, withWorkload } from '../testing/builders.ts';
import {
  aNamespace,
  aTaskPod,
  conditionOf,
  withEverythingCreated,
  factsWhileActive,
  factsWhileProvisioning,
  outlineOf,
  statusWrittenBy,
} from '../testing/lifecycle.ts';
import { activate } from './activation.ts';
import { keepActive } from './active.ts';

const END = Date.parse('2026-11-23T09:30:00.000Z');

test('a grant that has just become active is left alone until its end: every write counts', () => {
  const facts = withEverythingCreated(factsWhileProvisioning());
  const status = statusWrittenBy(activate(facts));
  const plan = keepActive({ ...facts, grant: { ...facts.grant, status } });
  expect(plan.steps).toEqual([]);
  expect(plan.againAt).toBe(facts.now + 30 * 60_000);
});

test('a new pod is recorded and counted', () => {
  const status = statusWrittenBy(keepActive(factsWhileActive({ pods: [aTaskPod('summarise', 'Running')] })));
  expect(status).toMatchObject({ pods: [{ name: 'summarise', phase: 'Running' }], podsUsed: '1/1' });
});

describe('a pod beyond maxPods', () => {
  const pods = [
    aTaskPod('first', 'Running', { createdAt: '2026-11-23T09:00:05Z' }),
    aTaskPod('second', 'Running', { createdAt: '2026-11-23T09:00:06Z' }),
  ];

  test('is stopped before anything is written', () => {
    expect(outlineOf(keepActive(factsWhileActive({ pods })))).toEqual([
      ['removePod second'],
      ['writeStatus'],
    ]);
  });

  test('is not stopped twice while it takes its time to end', () => {
    const [first, second] = pods;
    if (!first || !second) throw new Error('there are two');
    const ending = { ...second, metadata: { ...second.metadata, deletionTimestamp: '2026-11-23T09:00:30Z' } };
    expect(outlineOf(keepActive(factsWhileActive({ pods: [first, ending] })))).toEqual([['writeStatus']]);
  });

  test('is not beyond it where more are allowed', () => {
    expect(outlineOf(keepActive(factsWhileActive({ pods }, withWorkload({ maxPods: 2 }))))).toEqual([
      ['writeStatus'],
    ]);
  });
});

test('a duration that has shrunk moves the end', () => {
  const plan = keepActive(factsWhileActive({}, withGrantSpec({ duration: '20m' })));
  expect(statusWrittenBy(plan).expiresAt).toBe('2026-11-23T09:20:00.000Z');
  expect(plan.againAt).toBe(END - 10 * 60_000);
});

test('a finalizer that somebody took off comes back', () => {
  const facts = factsWhileActive();
  const grant = { ...facts.grant, metadata: { ...facts.grant.metadata, finalizers: [] } };
  expect(outlineOf(keepActive({ ...facts, grant }))).toEqual([['addFinalizer']]);
});

test('where the label of its namespace is taken off it says that pods are not judged, and where it is back that they are', () => {
  const unlabelled = { ...aNamespace(), metadata: { ...aNamespace().metadata, labels: {} } };
  const facts = factsWhileActive({ namespace: unlabelled });
  const status = statusWrittenBy(keepActive(facts));
  expect(conditionOf(status, 'Enforced')).toMatchObject({ status: 'False', reason: 'NamespaceNotEnforced' });
  expect(status.phase).toBe('Active');
  const said = { ...facts, grant: { ...facts.grant, status } };
  expect(keepActive(said).steps).toEqual([]);
  const again = statusWrittenBy(keepActive({ ...said, namespace: aNamespace() }));
  expect(conditionOf(again, 'Enforced')).toMatchObject({ status: 'True', reason: 'Enforced' });
});
