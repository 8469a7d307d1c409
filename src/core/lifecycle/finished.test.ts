import { describe, expect, test } from 'vitest';
import { aGrant, inPhase, withStatus } from '../testing/builders.ts';
import { aTaskPod, everythingIssuedFor, outlineOf, someFacts } from '../testing/lifecycle.ts';
import type { Facts } from './facts.ts';
import { afterTheEnd } from './finished.ts';

const FINISHED_AT = '2026-11-23T09:00:20.000Z';
const DAY = 86_400_000;

function finishedFacts(changes: Partial<Facts> = {}, metadata: object = { finalizers: [] }): Facts {
  const grant = aGrant(inPhase('Completed'), withStatus({ finishedAt: FINISHED_AT }));
  return someFacts({ grant: { ...grant, metadata: { ...grant.metadata, ...metadata } }, ...changes });
}

describe('a finished grant', () => {
  test('is let go', () => {
    const held = { finalizers: ['taskgrant.dev/revocation'] };
    expect(outlineOf(afterTheEnd(finishedFacts({}, held)))).toEqual([['removeFinalizer']]);
  });

  test('is readable for its time, and then removed', () => {
    const plan = afterTheEnd(finishedFacts());
    expect(plan).toEqual({ steps: [], againAt: Date.parse(FINISHED_AT) + DAY });
    const later = finishedFacts({ now: Date.parse(FINISHED_AT) + DAY });
    expect(outlineOf(afterTheEnd(later))).toEqual([['removeGrant']]);
  });

  test('is left alone once its removal has begun', () => {
    const deleting = { finalizers: ['example.com/other'], deletionTimestamp: '2026-11-24T09:00:20Z' };
    expect(afterTheEnd(finishedFacts({ now: Date.parse(FINISHED_AT) + 2 * DAY }, deleting))).toEqual({
      steps: [],
    });
  });

  test('has removed what came back, before it is let go', () => {
    const grant = aGrant(inPhase('Completed'), withStatus({ finishedAt: FINISHED_AT }));
    const facts = someFacts({
      grant,
      found: everythingIssuedFor(grant),
      pods: [aTaskPod('late', 'Pending')],
    });
    expect(outlineOf(afterTheEnd(facts))).toEqual([
      ['remove ServiceAccount'],
      ['removePod late'],
      ['removeFinalizer'],
    ]);
  });
});
