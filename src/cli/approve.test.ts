import { describe, expect, test } from 'vitest';
import { ApiError } from '../kube/api-error.ts';
import { messageFor, notTheOne, saidBefore, whereToLook } from './approve.ts';

describe('whoever decides on what is decided', () => {
  const again = { decision: 'Approved', reason: 'looked at' } as const;
  const stamped = {
    reason: 'fine',
    decidedBy: { username: 'ann' },
    decidedAt: '2026-11-23T09:00:30Z',
  } as const;

  test('is told who it was, when, and what ends the grant', () => {
    expect(saidBefore({ ...stamped, decision: 'Approved' }, again)).toBe(
      'it was approved by ann at 2026-11-23T09:00:30Z already, and that is said once; spec.revoke: true ends it, and whoever wants another decision creates a new TaskGrant',
    );
  });

  test('is told what is left where it was denied', () => {
    expect(saidBefore({ ...stamped, decision: 'Denied' }, again)).toBe(
      'it was denied by ann at 2026-11-23T09:00:30Z already, and that is said once; whoever wants another decision creates a new TaskGrant',
    );
  });

  test('is told nothing where nobody has decided, or they say the same', () => {
    expect(saidBefore(undefined, again)).toBeUndefined();
    expect(saidBefore({ ...stamped, ...again }, again)).toBeUndefined();
  });
});

test('what was created anew under the name is another request than was looked at', () => {
  const there = { uid: 'b', creationTimestamp: '2026-11-23T09:00:30Z' };
  expect(notTheOne(there, undefined)).toBeUndefined();
  expect(notTheOne(there, 'b')).toBeUndefined();
  expect(notTheOne(there, 'a')).toBe(
    'it is not the one of that UID, but was created under the same name at 2026-11-23T09:00:30Z; look at it, and decide on that with --uid b',
  );
});

test('a refusal is said to its end, a line for each reason, and changes nothing of the terminal', () => {
  const reason = `asked ${'x'.repeat(1000)}, a second person decides; ask one`;
  const message = messageFor(new ApiError('patch', 403, { message: `refused:\n${reason}\nby \u001b[31m` }));
  expect(message.split('\n')).toEqual(['patch: refused:', reason, 'by \\u{1b}[31m (HTTP 403)']);
});

test('a grant that is not there has another namespace, or another name where that was said', () => {
  expect(whereToLook(undefined)).toBe('say its namespace with -n');
  expect(whereToLook('agents')).toBe('correct the name: kubectl get taskgrants -n agents');
});
