import { describe, expect, test } from 'vitest';
import { aClass, inPhase, withGrantSpec, withStatus, type Change } from '../testing/builders.ts';
import {
  aTaskPod,
  conditionOf,
  everythingIssuedFor,
  factsWhileActive,
  outlineOf,
  statusWrittenBy,
} from '../testing/lifecycle.ts';
import { decide } from './decide.ts';
import type { Facts } from './facts.ts';
import { areRightsTaken } from './suspension.ts';

type Grant = Facts['grant'];

const REQUESTED_AT = '2026-11-23T09:00:20.000Z';
const REMOVED_AT = '2026-11-23T09:00:20.005Z';
const suspend = withGrantSpec({ suspend: true });
const onDriftSuspend = withGrantSpec({ onDrift: 'Suspend' });
const NARROWER = aClass({ authorization: 'Ceiling', limits: { maxDuration: '1m' } });

/** Suspended for this reason, and seen to hold nothing. */
const atRest =
  (reason: 'Suspended' | 'Drifted'): Change<Grant> =>
  (grant) =>
    withStatus({
      phase: 'Suspended',
      inventory: (grant.status?.inventory ?? []).filter(({ kind }) => kind === 'ServiceAccount'),
      suspension: { reason, requestedAt: REQUESTED_AT, rbacRemovedAt: REMOVED_AT },
    })(grant);

/** The account is all that there is of it. */
function factsAtRest(changes: Partial<Facts> = {}, ...grantChanges: Change<Grant>[]): Facts {
  const { grant, found, ...facts } = factsWhileActive({}, ...grantChanges);
  const account = found.filter(({ kind }) => kind === 'ServiceAccount');
  return { ...facts, grant: atRest('Suspended')(grant), found: account, ...changes };
}

describe('an active grant that is to be suspended', () => {
  test('loses its bindings while that is written down', () => {
    const plan = decide(factsWhileActive({}, suspend));
    expect(outlineOf(plan)).toEqual([['remove RoleBinding', 'writeStatus'], ['note rightsRemovedAt']]);
    const status = statusWrittenBy(plan);
    expect(status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Suspended' } });
    expect(conditionOf(status, 'Active')).toMatchObject({
      status: 'False',
      reason: 'Suspended',
      message: 'spec.suspend is true',
    });
  });

  test.each<[string, Partial<Facts>, Change<Grant>]>([
    ['revoked', {}, withGrantSpec({ suspend: true, revoke: true })],
    ['out of time', { now: Date.parse('2026-11-23T09:30:00Z') }, suspend],
    ['complete', { pods: [aTaskPod('summarise', 'Succeeded')] }, suspend],
  ])('ends instead where it is %s', (_what, changes, change) => {
    expect(statusWrittenBy(decide(factsWhileActive(changes, change))).phase).toBe('Revoking');
  });

  test('goes on being suspended where the record of it was lost and the bindings are gone', () => {
    const facts = factsWhileActive({}, suspend);
    const found = facts.found.filter(({ kind }) => kind !== 'RoleBinding');
    expect(statusWrittenBy(decide({ ...facts, found })).phase).toBe('Suspended');
  });
});

describe('an active grant that no longer fits its class', () => {
  test('is revoked, with what no longer fits', () => {
    const status = statusWrittenBy(decide(factsWhileActive({ class: NARROWER })));
    expect(status).toMatchObject({ phase: 'Revoking', revocation: { reason: 'Drifted' } });
    expect(conditionOf(status, 'Active')?.message).toContain('spec.duration');
  });

  test('is suspended where it says so', () => {
    const status = statusWrittenBy(decide(factsWhileActive({ class: NARROWER }, onDriftSuspend)));
    expect(status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    expect(conditionOf(status, 'Active')).toMatchObject({
      reason: 'Drifted',
      message: expect.stringContaining('spec.duration') as string,
    });
  });
});

describe('a suspension that has begun', () => {
  const begun = withStatus({ suspension: { reason: 'Suspended', requestedAt: REQUESTED_AT } });
  const facts = factsWhileActive({}, suspend, inPhase('Suspended'), begun);
  const at = '2026-11-23T09:00:30.000Z';
  const look = { at, remaining: [], stillAllowed: [] };

  test('removes bindings first, then Roles, leaves the account, and looks', () => {
    const plan = decide(facts);
    expect(outlineOf(plan)).toEqual([
      ['remove RoleBinding'],
      ['note rightsRemovedAt'],
      ['remove Role'],
      ['lookAtRights'],
    ]);
    const looked = plan.steps.flat().flatMap((action) => (action.do === 'lookAtRights' ? action.items : []));
    expect(new Set(looked.map(({ kind }) => kind))).toEqual(new Set(['Role', 'RoleBinding']));
  });

  test('does not ask for the same deletion twice, where the bindings went with its record', () => {
    const found = facts.found.filter(({ kind }) => kind !== 'RoleBinding');
    const plan = decide({ ...facts, found, progress: { rightsRemovedAt: REMOVED_AT } });
    expect(outlineOf(plan)).toEqual([['remove Role'], ['lookAtRights']]);
  });

  const seen = (rightsLook: NonNullable<Facts['progress']['rightsLook']>): Facts => ({
    ...facts,
    found: facts.found.filter(({ kind }) => kind === 'ServiceAccount'),
    progress: { rightsRemovedAt: REMOVED_AT, rightsLook },
  });

  test('says when everything was gone, and records the account alone', () => {
    const status = statusWrittenBy(decide(seen(look)));
    expect(status.suspension).toEqual({
      reason: 'Suspended',
      requestedAt: REQUESTED_AT,
      rbacRemovedAt: REMOVED_AT,
      verifiedAt: at,
    });
    expect(status.inventory).toMatchObject([{ kind: 'ServiceAccount', uid: 'uid-0' }]);
    expect(conditionOf(status, 'Revoked')).toMatchObject({ status: 'False', reason: 'Suspended' });
    expect(conditionOf(status, 'Provisioned')).toMatchObject({ status: 'False', reason: 'Suspended' });
  });

  test('says what somebody’s finalizer holds, and looks again', () => {
    const remaining = [{ kind: 'RoleBinding' as const, namespace: 'support', name: 'x' }];
    const plan = decide(seen({ ...look, remaining }));
    expect(conditionOf(statusWrittenBy(plan), 'Revoked')?.message).toContain('RoleBinding support/x');
    expect(plan.againAt).toBeGreaterThan(facts.now);
  });

  test('asks again while the API server may not have heard yet, and then says whose rights remain', () => {
    const stillAllowed = ['get configmaps in namespace support'];
    const early = { at: '2026-11-23T09:00:20.010Z', remaining: [], stillAllowed };
    expect(outlineOf(decide(seen(early)))).toEqual([['lookAtRights']]);
    const status = statusWrittenBy(decide(seen({ ...early, at })));
    expect(status.suspension?.verifiedAt).toBeUndefined();
    expect(conditionOf(status, 'Revoked')).toMatchObject({
      reason: 'RightsRemain',
      message: expect.stringContaining('get configmaps') as string,
    });
  });

  test('is gone through to its end where it was taken back meanwhile', () => {
    const resumed = { ...facts, grant: withGrantSpec({ suspend: false })(facts.grant) };
    expect(outlineOf(decide(resumed)).flat()).toContain('lookAtRights');
  });
});

describe('a suspended grant', () => {
  /** As it is written at rest. */
  const settled = (facts: Facts): Facts => ({
    ...facts,
    grant: { ...facts.grant, status: statusWrittenBy(decide(facts)) },
  });

  test('is left alone until its end, which stays where it was', () => {
    const facts = settled(factsAtRest({}, suspend));
    expect(areRightsTaken(facts)).toBe(true);
    const plan = decide(facts);
    expect(plan.steps).toEqual([]);
    expect(plan.againAt).toBe(Date.parse('2026-11-23T09:30:00Z'));
  });

  test('is looked at again soon where the API server does not store what is to be said of it', () => {
    const facts = factsAtRest({ unrecorded: 'too large' }, suspend);
    expect(decide(facts).steps).toEqual([]);
    expect(decide(facts).againAt).toBe(facts.now + 10_000);
  });

  test('has its pods counted', () => {
    const facts = factsAtRest({ pods: [aTaskPod('summarise', 'Running')] }, suspend);
    expect(statusWrittenBy(decide(facts))).toMatchObject({ phase: 'Suspended', podsUsed: '1/1' });
  });

  test('loses what a process that was paused gives it', () => {
    const facts = settled(factsAtRest({}, suspend));
    const late = { ...facts, found: everythingIssuedFor(facts.grant) };
    expect(outlineOf(decide(late))).toEqual([['remove RoleBinding'], ['remove Role']]);
  });

  test.each<[string, Partial<Facts>, Change<Grant>, string]>([
    ['revoked', {}, withGrantSpec({ suspend: true, revoke: true }), 'Revoked'],
    ['out of time', { now: Date.parse('2026-11-23T09:30:00Z') }, suspend, 'Expired'],
    ['complete', { pods: [aTaskPod('summarise', 'Succeeded')] }, suspend, 'Completed'],
    ['without its account', { found: [] }, suspend, 'Drifted'],
  ])('ends where it is %s', (_what, changes, change, reason) => {
    const status = statusWrittenBy(decide(factsAtRest(changes, change)));
    expect(status).toMatchObject({ phase: 'Revoking', revocation: { reason } });
    expect(status.suspension).toBeUndefined();
  });

  test('gets its finalizer back', () => {
    const facts = factsAtRest({}, suspend);
    const grant = { ...facts.grant, metadata: { ...facts.grant.metadata, finalizers: [] } };
    expect(outlineOf(decide({ ...facts, grant }))).toEqual([['addFinalizer']]);
  });
});

describe('a grant that is resumed', () => {
  test('is asked about as at first: whether its requester still holds what it gives', () => {
    const facts = factsAtRest();
    const unasked = { ...facts };
    delete unasked.requesterLacks;
    expect(outlineOf(decide(unasked))).toEqual([['askRequester']]);
  });

  test('has what will be made recorded, for the account that is there, before it is made', () => {
    const facts = factsAtRest();
    const plan = decide(facts);
    expect(outlineOf(plan)).toEqual([['writeStatus']]);
    const status = statusWrittenBy(plan);
    expect(status.phase).toBe('Suspended');
    expect(status.inventory?.map(({ kind, uid }) => [kind, uid])).toEqual([
      ['ServiceAccount', 'uid-0'],
      ['Role', undefined],
      ['Role', undefined],
      ['RoleBinding', undefined],
      ['RoleBinding', undefined],
    ]);
    const next = decide({ ...facts, grant: { ...facts.grant, status } });
    expect(outlineOf(next)).toEqual([['create Role'], ['create RoleBinding']]);
  });

  test('is active as of its first activation, and not suspended any more', () => {
    const facts = factsAtRest();
    const grant = { ...facts.grant, status: statusWrittenBy(decide(facts)) };
    const found = everythingIssuedFor(grant);
    const written = found.map(({ metadata }) => metadata.uid);
    const status = statusWrittenBy(decide({ ...facts, grant, found, written }));
    expect(status).toMatchObject({
      phase: 'Active',
      activatedAt: '2026-11-23T09:00:00.000Z',
      expiresAt: '2026-11-23T09:30:00.000Z',
    });
    expect(status.suspension).toBeUndefined();
    expect(conditionOf(status, 'Revoked')?.reason).toBe('NotRevoked');
  });

  test('waits for what a new one would wait for', () => {
    const facts = factsAtRest({ enforcement: { proven: false, message: 'was let through' } });
    const plan = decide(facts);
    const status = statusWrittenBy(plan);
    expect(status.phase).toBe('Suspended');
    expect(conditionOf(status, 'Enforced')).toMatchObject({
      status: 'False',
      reason: 'EnforcementNotProven',
    });
    expect(conditionOf(status, 'Active')).toMatchObject({ reason: 'Suspended', message: 'was let through' });
    expect(plan.againAt).toBeLessThan(Date.parse('2026-11-23T09:30:00Z'));
  });

  test('loses what it was given already where something comes in its way', () => {
    const facts = factsAtRest();
    const grant = { ...facts.grant, status: statusWrittenBy(decide(facts)) };
    const halfway = { ...facts, grant, found: everythingIssuedFor(grant) };
    const stopped = { ...halfway, enforcement: { proven: false, message: 'was let through' } };
    expect(outlineOf(decide(stopped)).flat()).toEqual(
      expect.arrayContaining(['remove RoleBinding', 'remove Role', 'lookAtRights']),
    );
  });

  const denied: [string, Partial<Facts>][] = [
    ['its class does not allow it any more', { class: NARROWER }],
    ['its requester does not hold what it gives any more', { requesterLacks: ['get configmaps'] }],
  ];

  test.each(denied)('ends where %s', (_what, changes) => {
    const status = statusWrittenBy(decide(factsAtRest(changes)));
    expect(status).toMatchObject({ phase: 'Revoking', revocation: { reason: 'Drifted' } });
    expect(conditionOf(status, 'Accepted')?.status).toBe('False');
  });

  test.each(denied)('stays suspended where %s, and it is to be suspended on drift', (_what, changes) => {
    const facts = factsAtRest(changes, onDriftSuspend);
    const status = statusWrittenBy(decide(facts));
    expect(status).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
    // Not tried again and again: somebody has to look.
    expect(decide({ ...facts, grant: { ...facts.grant, status } }).steps).toEqual([]);
  });
});

describe('a grant that drift has suspended', () => {
  const driftHasSuspended = (facts: Facts): Facts => ({ ...facts, grant: atRest('Drifted')(facts.grant) });

  test('stays so though nothing is wrong any more', () => {
    const facts = driftHasSuspended(factsAtRest({}, onDriftSuspend));
    const status = { ...facts.grant.status, podsUsed: '0/1' };
    expect(decide({ ...facts, grant: { ...facts.grant, status } }).steps).toEqual([]);
  });

  test('is somebody’s who has looked, once spec.suspend is true', () => {
    const facts = driftHasSuspended(factsAtRest({}, onDriftSuspend, suspend));
    const status = statusWrittenBy(decide(facts));
    expect(status.suspension?.reason).toBe('Suspended');
    const resumed = withGrantSpec({ suspend: false })({ ...facts.grant, status });
    expect(statusWrittenBy(decide({ ...facts, grant: resumed })).inventory).toHaveLength(5);
  });
});
