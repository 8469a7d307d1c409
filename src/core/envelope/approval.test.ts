import { describe, expect, test } from 'vitest';
import type { Approval } from '../../api/taskgrant.ts';
import { specDigestOf } from '../decision/decision.ts';
import { aClass, aGrant, withApproval, withEnvelope, withGrantSpec } from '../testing/builders.ts';
import { approvalOf, needsApproval, notIndependent } from './approval.ts';

const reading = (resource: string) =>
  aGrant(withEnvelope({ kubernetes: [{ apiGroups: [''], resources: [resource], verbs: ['get'] }] }));
const wanting = (requiredAtRisk: 'None' | 'High') => aClass({ approval: { requiredAtRisk, maxWait: '1h' } });

describe('a grant needs approval', () => {
  test('where its envelope is rated as its class says, or worse', () => {
    expect(needsApproval(reading('secrets'), wanting('High'))).toBe(true);
    expect(needsApproval(reading('services'), wanting('High'))).toBe(false);
  });

  test('always, where that is None; never, where the class says nothing', () => {
    expect(needsApproval(aGrant(), wanting('None'))).toBe(true);
    expect(needsApproval(reading('secrets'), aClass())).toBe(false);
  });
});

describe('an approval counts', () => {
  const faultOf = (approval: Approval, grant = aGrant()) => {
    const found = approvalOf(grant, approval);
    return 'fault' in found ? found.fault : undefined;
  };
  const { approval = { decision: 'Denied' } } = withApproval()(aGrant()).spec;

  test('as admission stamped it', () => {
    expect(approvalOf(aGrant(), approval)).toEqual({ approval });
  });

  test('not where a stamp is missing', () => {
    const { decidedBy, decidedAt, specDigest, ...said } = approval;
    for (const partly of [
      said,
      { ...said, decidedBy, decidedAt },
      { ...said, decidedBy, specDigest },
      { ...said, decidedAt, specDigest },
    ])
      expect(faultOf(partly as Approval)).toContain('admission did not see it');
  });

  test('not for another spec, nor for another grant of the same spec; a shorter duration is the same', () => {
    expect(faultOf(approval, reading('secrets'))).toContain('another spec');
    const { metadata, ...rest } = aGrant();
    expect(faultOf(approval, { ...rest, metadata: { ...metadata, uid: 'other' } })).toContain('another spec');
    expect(faultOf(approval, aGrant(withGrantSpec({ duration: '1m', suspend: true })))).toBeUndefined();
  });

  test('not by who asked', () => {
    expect(faultOf({ ...approval, decidedBy: { username: 'jane' } })).toBe('jane asked for the grant');
  });
});

test('what an approval is about says nothing of the approval itself', () => {
  expect(specDigestOf(aGrant(withApproval()))).toBe(specDigestOf(aGrant()));
});

describe('two are the same person', () => {
  const jane = { username: 'jane', uid: '1', groups: ['devs'] };

  test('by username, whatever else is said of them', () => {
    expect(notIndependent({ username: 'jane', uid: '2', extra: { other: ['x'] } }, jane)).toContain(
      'asked for',
    );
  });

  test('by UID, under another name', () => {
    expect(notIndependent({ username: 'jane@example.com', uid: '1' }, jane)).toContain('UID');
  });

  test('not by a UID that neither has', () => {
    expect(notIndependent({ username: 'joe' }, { username: 'jane' })).toBeUndefined();
    expect(notIndependent({ username: 'joe', uid: '2' }, jane)).toBeUndefined();
  });
});

test('no task approves anything, of whichever namespace', () => {
  const username = 'system:serviceaccount:other:taskgrant-a-bcdfghjk';
  expect(notIndependent({ username }, { username: 'jane' })).toBe(`${username} is a task`);
  const other = 'system:serviceaccount:other:deployer';
  expect(notIndependent({ username: other }, { username: 'jane' })).toBeUndefined();
});
