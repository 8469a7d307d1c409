import { describe, expect, test } from 'vitest';
import type { Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { inPhase, withGrantSpec, withStatus, withWorkload } from '../testing/builders.ts';
import {
  aNamespace,
  aTaskPod,
  everythingIssuedFor,
  factsWhileActive,
  factsWhileProvisioning,
  someFacts,
} from '../testing/lifecycle.ts';
import { endingOf, expiryOf, finalPhaseOf } from './ending.ts';
import type { Facts } from './facts.ts';

const deleted = ({ metadata, ...grant }: Stored<TaskGrant>): Stored<TaskGrant> => ({
  ...grant,
  metadata: { ...metadata, deletionTimestamp: '2026-11-23T09:00:30Z' },
});
const END = Date.parse('2026-11-23T09:30:00.000Z');

test('an active grant goes on while nothing has ended it', () => {
  expect(endingOf(factsWhileActive({ pods: [aTaskPod('summarise', 'Running')] }))).toBeUndefined();
});

test('a grant that is not active yet goes on while it is in order', () => {
  expect(endingOf(someFacts())).toBeUndefined();
  expect(endingOf(factsWhileProvisioning())).toBeUndefined();
});

describe('a grant ends, active or not', () => {
  test.each([
    ['someFacts', someFacts()],
    ['factsWhileProvisioning', factsWhileProvisioning()],
    ['factsWhileActive', factsWhileActive()],
  ])('when it is deleted, or its namespace, or it is revoked (%s)', (_which, facts) => {
    const ending = (change: Partial<Facts>) => endingOf({ ...facts, ...change })?.reason;
    expect(ending({ grant: deleted(facts.grant) })).toBe('Deleted');
    const namespace = aNamespace();
    expect(
      ending({
        namespace: {
          ...namespace,
          metadata: { ...namespace.metadata, deletionTimestamp: '2026-11-23T09:00:30Z' },
        },
      }),
    ).toBe('Deleted');
    expect(ending({ grant: withGrantSpec({ revoke: true })(facts.grant) })).toBe('Revoked');
  });
});

describe('the time of a grant', () => {
  test('is over at the end of its duration, to the millisecond', () => {
    expect(endingOf(factsWhileActive({ now: END - 1 }))).toBeUndefined();
    expect(endingOf(factsWhileActive({ now: END }))).toEqual({
      reason: 'Expired',
      message: 'the duration of 30m is over',
    });
  });

  test('is over at once when its duration shrinks below what has passed, whatever the status says', () => {
    expect(endingOf(factsWhileActive({}, withGrantSpec({ duration: '10s' })))?.reason).toBe('Expired');
  });

  test.each([
    ['its duration', withGrantSpec({ duration: '14.5m' })],
    ['when it was activated', withStatus({ activatedAt: 'never' })],
  ])('is over where nobody can read %s', (_, change) => {
    const facts = factsWhileActive();
    expect(endingOf({ ...facts, grant: change(facts.grant) })?.reason).toBe('Expired');
  });

  test('is nobody else’s to begin: a grant that says when it was activated before it was ends', () => {
    const facts = factsWhileActive();
    const beforehand = withStatus({ phase: 'Pending', activatedAt: '2099-01-01T00:00:00Z' })(facts.grant);
    expect(endingOf({ ...facts, grant: beforehand })?.reason).toBe('Drifted');
  });

  test('runs from its activation, even should its phase be set back', () => {
    const facts = factsWhileActive({ now: END });
    expect(endingOf({ ...facts, grant: inPhase('Pending')(facts.grant) })?.reason).toBe('Expired');
  });

  test('does not run before it is active', () => {
    expect(expiryOf(factsWhileProvisioning())).toBeUndefined();
    expect(endingOf(factsWhileProvisioning({ now: END + 86_400_000 }))).toBeUndefined();
  });
});

describe('a task', () => {
  test('is complete with its last pod, and the message counts them', () => {
    expect(endingOf(factsWhileActive({ pods: [aTaskPod('summarise', 'Succeeded')] }))).toEqual({
      reason: 'Completed',
      message: '1 of 1 pods were used, 1 succeeded, none is running',
    });
  });

  test('is complete when its pod was deleted and may not be followed by another', () => {
    const record = {
      name: 'summarise',
      uid: 'u',
      phase: 'Running' as const,
      admittedAt: '2026-11-23T09:00:05Z',
    };
    const facts = factsWhileActive();
    const grant = { ...facts.grant, status: { ...facts.grant.status, pods: [record] } };
    expect(endingOf({ ...facts, grant })?.reason).toBe('PodsUsedUp');
  });

  test('that has used up its pods before enough have succeeded ends with a reason of its own', () => {
    expect(endingOf(factsWhileActive({ pods: [aTaskPod('summarise', 'Failed')] }))).toEqual({
      reason: 'PodsUsedUp',
      message: '1 of 1 pods were used, 0 succeeded, none is running',
    });
  });

  test('goes on after a failure while it may retry', () => {
    const facts = factsWhileActive({ pods: [aTaskPod('summarise', 'Failed')] }, withWorkload({ maxPods: 2 }));
    expect(endingOf(facts)).toBeUndefined();
  });
});

describe('a grant whose objects are not what was issued has drifted', () => {
  test('when one is gone', () => {
    const { found } = factsWhileActive();
    for (const missing of found) {
      const rest = found.filter((object) => object !== missing);
      const { kind, metadata } = missing;
      expect(endingOf(factsWhileActive({ found: rest }))).toEqual({
        reason: 'Drifted',
        message: `${kind} ${metadata.namespace ?? ''}/${metadata.name} is gone`,
      });
    }
  });

  test('when one was replaced by another of the same name, down to the label', () => {
    const found = factsWhileActive().found.map((object) =>
      object.kind === 'ServiceAccount'
        ? { ...object, metadata: { ...object.metadata, uid: 'another' } }
        : object,
    );
    expect(endingOf(factsWhileActive({ found }))).toMatchObject({
      reason: 'Drifted',
      message: expect.stringContaining('is another object of that name') as string,
    });
  });

  test('when one was changed, even before it is active', () => {
    const widen = (facts: Facts): Facts => ({
      ...facts,
      found: everythingIssuedFor(facts.grant).map((object) =>
        object.kind === 'Role' ? { ...object, rules: [] } : object,
      ),
    });
    expect(endingOf(widen(factsWhileActive()))?.reason).toBe('Drifted');
    expect(endingOf(widen(factsWhileProvisioning()))?.reason).toBe('Drifted');
  });

  test('but not before it is active because something is not there yet, or somebody else’s is in the way', () => {
    const provisioning = factsWhileProvisioning();
    const strangers = everythingIssuedFor(provisioning.grant).map((object) => ({
      ...object,
      metadata: { ...object.metadata, labels: {} },
    }));
    expect(endingOf({ ...provisioning, found: strangers })).toBeUndefined();
  });
});

test('of several reasons the one that says most about who is to blame is given', () => {
  const { found } = factsWhileActive();
  const widened = found.map((object) => (object.kind === 'Role' ? { ...object, rules: [] } : object));
  const facts = factsWhileActive({ found: widened, now: END, pods: [aTaskPod('summarise', 'Succeeded')] });
  expect(endingOf(facts)?.reason).toBe('Drifted');
  const revoked = { ...facts, grant: withGrantSpec({ revoke: true })(facts.grant) };
  expect(endingOf(revoked)?.reason).toBe('Revoked');
  expect(endingOf({ ...revoked, grant: deleted(revoked.grant) })?.reason).toBe('Deleted');
});

test('what is missing after the end is no drift: an end whose record was lost has removed it', () => {
  const complete = factsWhileActive({ found: [], pods: [aTaskPod('summarise', 'Succeeded')] });
  expect(endingOf(complete)?.reason).toBe('Completed');
  expect(endingOf(factsWhileActive({ found: [], now: END }))?.reason).toBe('Expired');
  expect(endingOf(factsWhileActive({ found: [], now: END - 1 }))?.reason).toBe('Drifted');
});

test('an active grant of which nothing can be recorded ends: pods that are not recorded are not counted', () => {
  const facts = factsWhileActive({ unrecorded: 'request is too large' });
  expect(endingOf(facts)?.message).toContain('request is too large');
  expect(endingOf(someFacts({ unrecorded: 'request is too large' }))).toBeUndefined();
});

test.each([
  ['Completed', 'Completed'],
  ['PodsUsedUp', 'Completed'],
  ['Expired', 'Expired'],
  ['Denied', 'Denied'],
  ['Revoked', 'Revoked'],
  ['Deleted', 'Revoked'],
  ['Drifted', 'Revoked'],
])('a grant that ended as %s stands as %s', (reason, phase) => {
  expect(finalPhaseOf(reason)).toBe(phase);
});
