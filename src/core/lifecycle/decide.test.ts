import { describe, expect, test } from 'vitest';
import { PHASES } from '../../api/reasons.ts';
import { inPhase, withGrantSpec, withStatus } from '../testing/builders.ts';
import {
  withEverythingCreated,
  factsWhileActive,
  factsWhileProvisioning,
  factsWhileRevoking,
  outlineOf,
  someFacts,
  statusWrittenBy,
} from '../testing/lifecycle.ts';
import { decide } from './decide.ts';

describe('decided is', () => {
  test('for a new grant: what will be made for it', () => {
    expect(statusWrittenBy(decide(someFacts())).phase).toBe('Pending');
  });

  test('for one of which everything was made: that it is active', () => {
    const facts = withEverythingCreated(factsWhileProvisioning());
    expect(statusWrittenBy(decide(facts)).phase).toBe('Active');
  });

  test('for an active one: nothing until its time is over', () => {
    expect(decide(factsWhileActive())).toEqual({
      steps: [],
      againAt: Date.parse('2026-11-23T09:30:00.000Z'),
    });
  });

  test('for one whose end has come: that it has, before anything else', () => {
    const facts = factsWhileActive({}, withGrantSpec({ revoke: true }));
    expect(statusWrittenBy(decide(facts)).phase).toBe('Revoking');
  });

  test('for one that is being revoked: to go on with that, though it may look drifted or over', () => {
    const facts = factsWhileRevoking({ found: [], now: Date.parse('2026-11-23T10:00:00Z') });
    expect(outlineOf(decide(facts)).at(0)).toEqual(['remove RoleBinding']);
    expect(outlineOf(decide(facts)).flat()).not.toContain('writeStatus');
  });

  test('for a finished one: nothing that gives, whatever its spec says', () => {
    for (const phase of ['Completed', 'Expired', 'Revoked', 'Denied'] as const) {
      const { grant } = factsWhileActive(
        {},
        inPhase(phase),
        withStatus({ finishedAt: '2026-11-23T09:00:20.000Z' }),
      );
      expect(outlineOf(decide(someFacts({ grant })))).toEqual([['removeFinalizer']]);
    }
  });
});

test('the same facts give the same plan', () => {
  for (const phase of PHASES) {
    const facts = factsWhileActive({}, inPhase(phase));
    expect(decide(structuredClone(facts))).toEqual(decide(facts));
  }
});

test('no plan changes the facts that it was made from', () => {
  for (const phase of PHASES) {
    const facts = factsWhileActive({}, inPhase(phase));
    const before = structuredClone(facts);
    decide(facts);
    expect(facts).toEqual(before);
  }
});
