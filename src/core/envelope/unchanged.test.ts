import { describe, expect, test } from 'vitest';
import type { TaskGrantSpec } from '../../api/taskgrant.ts';
import { aGrant, withGrantSpec } from '../testing/builders.ts';
import { changesOfDecision } from './unchanged.ts';

const APPROVED = { decision: 'Approved' as const };

function between(before: Partial<TaskGrantSpec>, after: object) {
  const [was, is] = [before, after].map((spec) => aGrant(withGrantSpec({ duration: '15m', ...spec })));
  if (!was || !is) throw new Error('two went in');
  return changesOfDecision(was, is).map(({ path }) => path);
}

describe('a change of a grant', () => {
  test.each<[string, Partial<TaskGrantSpec>, Partial<TaskGrantSpec>]>([
    ['revokes', {}, { revoke: true }],
    ['suspends', {}, { suspend: true }],
    ['resumes', { suspend: true }, { suspend: false }],
    ['makes it shorter', { duration: '15m' }, { duration: '14m59s' }],
    ['says the same in other words', { duration: '15m' }, { duration: '900s' }],
    ['approves for the first time', {}, { approval: APPROVED }],
  ])('leaves the decision as it was where it %s', (_what, before, after) => {
    expect(between(before, after)).toEqual([]);
  });

  test.each<[string, Partial<TaskGrantSpec>, object, string]>([
    ['brings it back', { revoke: true }, { revoke: false }, 'spec.revoke'],
    ['makes it longer', { duration: '15m' }, { duration: '15m1s' }, 'spec.duration'],
    [
      'makes it shorter by words that nobody reads',
      { duration: '15m' },
      { duration: '14.5m' },
      'spec.duration',
    ],
    ['adds what every object has', {}, { constructor: 'x' }, 'spec.constructor'],
    ['adds to the envelope', {}, { envelope: { secrets: ['billing'] } }, 'spec.envelope'],
    ['adds what it did not say', {}, { notBefore: '2026-11-23T09:00:00Z' }, 'spec.notBefore'],
    ['takes away what it said', { conditions: [] }, { conditions: undefined }, 'spec.conditions'],
    ['says who asked anew', {}, { requestedBy: { username: 'admin' } }, 'spec.requestedBy'],
    ['decides again', { approval: APPROVED }, { approval: { decision: 'Denied' } }, 'spec.approval'],
    ['says what no version knows', {}, { added: true }, 'spec.added'],
  ])('is told of where it %s', (_what, before, after, path) => {
    expect(between(before, after)).toEqual([path]);
  });
});
