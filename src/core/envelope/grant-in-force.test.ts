import { describe, expect, test } from 'vitest';
import { PHASES } from '../../api/reasons.ts';
import {
  aGrant,
  aPod,
  inPhase,
  justCreated,
  NOW,
  withGrantSpec,
  withoutStatus,
  withStatus,
  withWorkload,
} from '../testing/builders.ts';
import { judge } from '../testing/judging.ts';

describe('pods start under an active grant only', () => {
  test.each(PHASES.filter((phase) => phase !== 'Active'))('not under one that is %s', (phase) => {
    expect(judge(aPod(), aGrant(inPhase(phase)))).toMatchObject([
      { code: 'GrantNotActive', allowed: 'Active' },
    ]);
  });

  test('nor under one that is to be suspended, whatever its phase still says', () => {
    expect(judge(aPod(), aGrant(withGrantSpec({ suspend: true })))).toMatchObject([
      { code: 'GrantNotActive', asked: 'summarise-4711, which is being suspended' },
    ]);
  });

  test('one without a status is pending', () => {
    expect(judge(aPod(), aGrant(justCreated))[0]).toMatchObject({
      code: 'GrantNotActive',
      asked: 'summarise-4711, which is Pending',
      fix: 'see kubectl describe taskgrant summarise-4711 -n agents',
    });
  });

  test('the first condition in the way says why', () => {
    const condition = (type: 'Accepted' | 'Enforced' | 'Active', status: 'True' | 'False') =>
      ({
        type,
        status,
        reason: 'NamespaceNotEnforced',
        message: 'label it',
        lastTransitionTime: '',
      }) as const;
    const grant = aGrant(
      withStatus({
        phase: 'Pending',
        conditions: [
          condition('Active', 'False'),
          condition('Enforced', 'False'),
          condition('Accepted', 'True'),
        ],
      }),
    );
    expect(judge(aPod(), grant)[0]?.asked).toBe(
      'summarise-4711, which is Pending: NamespaceNotEnforced, label it',
    );
  });

  test('and where the reason is the phase, it is said once', () => {
    const grant = aGrant(
      justCreated,
      withStatus({
        phase: 'AwaitingApproval',
        conditions: [
          {
            type: 'Approved',
            status: 'False',
            reason: 'AwaitingApproval',
            message: 'nobody has decided',
            lastTransitionTime: '',
          },
        ],
      }),
    );
    expect(judge(aPod(), grant)[0]?.asked).toBe(
      'summarise-4711, which is AwaitingApproval: nobody has decided',
    );
  });

  test('of one that was active, why it ended is said once, and not that its identity is gone by now', () => {
    const condition = (type: 'Provisioned' | 'Active', reason: 'Revoked' | 'Completed', message: string) =>
      ({ type, status: 'False', reason, message, lastTransitionTime: '' }) as const;
    const grant = aGrant(
      inPhase('Completed'),
      withStatus({
        activatedAt: '2026-11-23T09:00:00.000Z',
        conditions: [
          condition('Provisioned', 'Revoked', 'what was created is removed'),
          condition('Active', 'Completed', '1 of 1 pods were used, none is running'),
        ],
      }),
    );
    expect(judge(aPod(), grant)[0]?.asked).toBe(
      'summarise-4711, which is Completed: 1 of 1 pods were used, none is running',
    );
  });

  test('one that has ended is not waited for', () => {
    expect(judge(aPod(), aGrant(inPhase('Expired')))[0]?.fix).toBe(
      'create a new TaskGrant: one that has ended does not come back',
    );
  });

  test('one whose end is asked for is not active, though its phase still says so', () => {
    expect(judge(aPod(), aGrant(withGrantSpec({ revoke: true })))).toMatchObject([
      { code: 'GrantNotActive', asked: 'summarise-4711, which is being revoked' },
    ]);
    const grant = aGrant();
    const deleted = { ...grant, metadata: { ...grant.metadata, deletionTimestamp: '2026-11-23T09:00:20Z' } };
    expect(judge(aPod(), deleted)).toMatchObject([
      { code: 'GrantNotActive', asked: 'summarise-4711, which is being deleted' },
    ]);
  });
});

describe('an expired grant takes no pods', () => {
  const end = Date.parse('2026-11-23T09:30:00.000Z');

  test('from the very millisecond on', () => {
    expect(judge(aPod(), aGrant(), { now: end - 1 })).toEqual([]);
    expect(judge(aPod(), aGrant(), { now: end })).toMatchObject([
      { code: 'GrantExpired', allowed: '2026-11-23T09:30:00.000Z' },
    ]);
  });

  test('a duration that has shrunk counts at once', () => {
    expect(judge(aPod(), aGrant(withGrantSpec({ duration: '30s' })), { now: NOW })).toMatchObject([
      { code: 'GrantExpired', allowed: '2026-11-23T09:00:30.000Z' },
    ]);
  });

  test('one that was never activated has no end that could be judged', () => {
    expect(judge(aPod(), aGrant(withoutStatus('activatedAt')))).toMatchObject([
      { code: 'GrantExpired', allowed: 'it is activated' },
    ]);
  });
});

describe('a grant takes as many pods as it says', () => {
  test('the last one too', () => {
    expect(judge(aPod(), aGrant(withWorkload({ maxPods: 3 })), { podsUsed: 2 })).toEqual([]);
  });

  test('and none more', () => {
    expect(judge(aPod(), aGrant(withWorkload({ maxPods: 3 })), { podsUsed: 3 })).toMatchObject([
      { code: 'PodsUsedUp', asked: 'pod 4', allowed: '3 pods' },
    ]);
    expect(judge(aPod(), aGrant(), { podsUsed: 1 })).toMatchObject([{ allowed: '1 pod' }]);
  });
});
