import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../api/group.ts';
import { withGrantSpec, withStatus } from '../testing/builders.ts';
import {
  aTaskPod,
  conditionOf,
  factsWhileActive,
  factsWhileProvisioning,
  factsWhileRevoking,
  outlineOf,
  someFacts,
  statusWrittenBy,
} from '../testing/lifecycle.ts';
import type { Ending } from './ending.ts';
import type { Facts, Look } from './facts.ts';
import { inventoryItemOf } from './issued.ts';
import { beginRevocation, removeLeftovers, revoke } from './revocation.ts';

const EXPIRED: Ending = { reason: 'Expired', message: 'the duration of 30m is over' };
const AT = '2026-11-23T09:00:30.000Z';

/** Everything was removed, and it was looked. */
function afterTheLook(look: Partial<Look> = {}, changes: Partial<Facts> = {}): Facts {
  return factsWhileRevoking({
    found: [],
    progress: {
      rbacRemovedAt: '2026-11-23T09:00:29.995Z',
      identityRemovedAt: '2026-11-23T09:00:29.998Z',
      look: { at: AT, remaining: [], stillAllowed: [], ...look },
    },
    ...changes,
  });
}

describe('an end that has come', () => {
  test('takes the rights of an active grant while it is recorded, and notes when they are gone', () => {
    const plan = beginRevocation(factsWhileActive(), EXPIRED);
    expect(outlineOf(plan)).toEqual([['remove RoleBinding', 'writeStatus'], ['note rbacRemovedAt']]);
  });

  test('is recorded before anything is removed of a grant that was not active, lest its rights be given again', () => {
    const { found } = factsWhileActive();
    expect(outlineOf(beginRevocation(factsWhileProvisioning({ found }), EXPIRED))).toEqual([['writeStatus']]);
  });

  test('is recorded with its reason and time', () => {
    const plan = beginRevocation(factsWhileActive(), EXPIRED);
    const status = statusWrittenBy(plan);
    expect(status).toMatchObject({ phase: 'Revoking', revocation: { reason: 'Expired', requestedAt: AT } });
    expect(conditionOf(status, 'Active')).toMatchObject({ status: 'False', ...EXPIRED });
    expect(conditionOf(status, 'Revoked')).toMatchObject({ status: 'False', reason: 'Revoking' });
  });

  test('is recorded with how far its pods had come', () => {
    const status = statusWrittenBy(
      beginRevocation(factsWhileActive({ pods: [aTaskPod('summarise', 'Succeeded')] }), EXPIRED),
    );
    expect(status).toMatchObject({ pods: [{ phase: 'Succeeded', finishedAt: AT }], podsUsed: '1/1' });
  });

  test('is the whole story where nothing is issued', () => {
    const status = statusWrittenBy(beginRevocation(someFacts(), { reason: 'Deleted', message: 'deleted' }));
    expect(status).toMatchObject({ phase: 'Revoked', finishedAt: AT, revocation: { reason: 'Deleted' } });
    expect(conditionOf(status, 'Revoked')?.message).toMatch(/^there is no identity/);
  });

  test('is a revocation where something was planned: a creation may have worked without an answer', () => {
    expect(statusWrittenBy(beginRevocation(factsWhileProvisioning(), EXPIRED)).phase).toBe('Revoking');
  });

  test('is a revocation where something is found though nothing stands in the inventory', () => {
    const { found } = factsWhileActive();
    expect(statusWrittenBy(beginRevocation(someFacts({ found }), EXPIRED)).phase).toBe('Revoking');
  });
});

describe('an end that the API server does not store', () => {
  const facts = factsWhileActive({ unrecorded: 'request is too large' });

  test('takes the rights away all the same', () => {
    const plan = beginRevocation(facts, EXPIRED);
    expect(outlineOf(plan)).toEqual(outlineOf(revoke(factsWhileRevoking())));
    expect(outlineOf(plan).flat()).not.toContain('writeStatus');
  });

  test('leaves the account of a grant that was never active, so that its name is given once', () => {
    const provisioning = factsWhileProvisioning({ unrecorded: 'request is too large' });
    const { found } = factsWhileActive();
    expect(outlineOf(beginRevocation({ ...provisioning, found }, EXPIRED))).toEqual([
      ['remove RoleBinding'],
      ['remove Role'],
    ]);
  });

  test('is tried to be recorded again later, and not without a pause', () => {
    const look = { at: AT, remaining: [], stillAllowed: [] };
    const plan = beginRevocation({ ...facts, found: [], progress: { look } }, EXPIRED);
    expect(plan.steps).toEqual([]);
    expect(plan.againAt).toBeGreaterThan(facts.now);
  });
});

describe('a deleted grant of which nothing can be recorded', () => {
  const deleted = (facts: Facts): Facts => ({
    ...facts,
    grant: {
      ...facts.grant,
      metadata: { ...facts.grant.metadata, deletionTimestamp: AT, finalizers: [FINALIZER] },
    },
    unrecorded: 'request is too large',
  });
  const gone = { at: AT, remaining: [], stillAllowed: [] };

  test.each([
    ['was active', factsWhileActive()],
    ['was never active', factsWhileProvisioning()],
  ])('loses everything where it %s', (_, facts) => {
    const plan = beginRevocation(deleted(facts), EXPIRED);
    expect(outlineOf(plan)).toEqual(outlineOf(revoke(factsWhileRevoking())));
  });

  test('goes without a receipt when nothing is left, so that its namespace can go', () => {
    const facts = { ...deleted(factsWhileActive({ found: [] })), progress: { look: gone } };
    expect(outlineOf(beginRevocation(facts, EXPIRED))).toEqual([['removeFinalizer']]);
    expect(outlineOf(revoke({ ...deleted(afterTheLook()), progress: { look: gone } }))).toEqual([
      ['removeFinalizer'],
    ]);
  });

  test('stays while something is left', () => {
    const [item] = factsWhileActive().found.map(inventoryItemOf);
    const look = { ...gone, remaining: item ? [item] : [] };
    const plan = beginRevocation({ ...deleted(factsWhileActive()), progress: { look } }, EXPIRED);
    expect(plan.steps).toEqual([]);
    expect(plan.againAt).toBeGreaterThan(Date.parse(AT));
  });

  test('needs nothing more once its finalizer is off', () => {
    const facts = deleted(factsWhileActive({ found: [] }));
    const { metadata } = facts.grant;
    const grant = { ...facts.grant, metadata: { ...metadata, finalizers: [] } };
    expect(beginRevocation({ ...facts, grant, progress: { look: gone } }, EXPIRED)).toEqual({ steps: [] });
  });
});

describe('what only says by its labels that it was made for a grant', () => {
  const [role] = factsWhileRevoking().found.filter(({ kind }) => kind === 'Role');
  const stray = role && {
    ...role,
    metadata: { ...role.metadata, namespace: 'mallory', uid: 'uid-of-stray' },
  };
  const facts = factsWhileRevoking({ found: stray ? [stray] : [] });
  const actions = revoke(facts).steps.flat();

  test('is removed as well', () => {
    expect(facts.found).toHaveLength(1);
    expect(actions).toEqual(
      expect.arrayContaining(facts.found.map((found) => ({ do: 'remove', item: inventoryItemOf(found) }))),
    );
  });

  test('is not looked for: a finalizer of its owner’s must not hold the receipt up', () => {
    const look = actions.find((action) => action.do === 'look');
    expect(look?.items.map(({ namespace }) => namespace)).not.toContain('mallory');
    expect(look?.items).toHaveLength(facts.grant.status?.inventory?.length ?? 0);
  });
});

test('what is held by somebody’s finalizer is looked at soon, and then ever more seldom', () => {
  const remaining = factsWhileRevoking().found.map(inventoryItemOf);
  const pauseAfter = (seconds: number) => {
    const facts = afterTheLook({ remaining });
    const now = Date.parse('2026-11-23T09:00:29.990Z') + seconds * 1000;
    return (revoke({ ...facts, now }).againAt ?? 0) - now;
  };
  expect([1, 40, 3600].map(pauseAfter)).toEqual([1000, 10_000, 60_000]);
});

describe('a revocation', () => {
  test('removes bindings, then account and Roles, then stops pods, and then looks', () => {
    const pods = [
      aTaskPod('running', 'Running'),
      aTaskPod('done', 'Succeeded'),
      aTaskPod('failed', 'Failed'),
    ];
    expect(outlineOf(revoke(factsWhileRevoking({ pods })))).toEqual([
      ['remove RoleBinding'],
      ['note rbacRemovedAt'],
      ['remove ServiceAccount', 'remove Role'],
      ['note identityRemovedAt'],
      ['removePod running'],
      ['look'],
    ]);
  });

  test('does not remove bindings twice, which went while its begin was recorded', () => {
    const progress = { rbacRemovedAt: AT };
    expect(outlineOf(revoke(factsWhileRevoking({ progress }))).at(0)).toEqual([
      'remove ServiceAccount',
      'remove Role',
    ]);
  });

  test('goes on where one thing cannot be removed, so that it does not keep the others', () => {
    expect(revoke(factsWhileRevoking()).regardless).toBe(true);
  });

  test('leaves pods running where the grant says so', () => {
    const facts = factsWhileRevoking(
      { pods: [aTaskPod('running', 'Running')] },
      withGrantSpec({ completion: { succeeded: 1, podsRunning: 'Leave' } }),
    );
    expect(outlineOf(revoke(facts)).flat()).not.toContain('removePod running');
  });

  test('names each object with the UID that it is known by, so that no later one of the name is removed', () => {
    const facts = factsWhileRevoking();
    const removed = revoke(facts)
      .steps.flat()
      .flatMap((action) => (action.do === 'remove' ? [action.item] : []));
    expect(removed).toHaveLength(5);
    expect(removed).toEqual(expect.arrayContaining(facts.grant.status?.inventory ?? []));
  });

  test('finds by its label what never came to stand in the inventory, and by the inventory what has lost its label', () => {
    const { grant, found } = factsWhileRevoking();
    const [account, ...others] = found;
    if (!account) throw new Error('an account was issued');
    const inventory = [inventoryItemOf(account)];
    const facts = factsWhileRevoking({ grant: withStatus({ inventory })(grant), found: others });
    expect(outlineOf(revoke(facts)).flat()).toEqual(
      expect.arrayContaining(['remove ServiceAccount', 'remove Role', 'remove RoleBinding']),
    );
  });
});

describe('after the look', () => {
  test('a grant that was beyond its ceiling still says so, and one that was provisioned that it is not any more', () => {
    const provisioned = (reason: 'BeyondCeiling' | 'Provisioned' | 'Provisioning') =>
      withStatus({
        conditions: [
          {
            type: 'Provisioned',
            status: reason === 'Provisioned' ? 'True' : 'False',
            reason,
            message: 'as it was',
            lastTransitionTime: AT,
            observedGeneration: 1,
          },
        ],
      })(afterTheLook().grant);
    const afterwards = (reason: Parameters<typeof provisioned>[0]) =>
      conditionOf(statusWrittenBy(revoke(afterTheLook({}, { grant: provisioned(reason) }))), 'Provisioned');
    expect(afterwards('BeyondCeiling')).toMatchObject({ reason: 'BeyondCeiling', message: 'as it was' });
    expect(afterwards('Provisioned')).toMatchObject({ status: 'False', reason: 'Revoked' });
    expect(afterwards('Provisioning')).toMatchObject({ status: 'False', reason: 'Revoked' });
  });

  test('the receipt says when rights, identity and doubt were gone', () => {
    const status = statusWrittenBy(revoke(afterTheLook()));
    expect(status).toMatchObject({
      phase: 'Expired',
      finishedAt: AT,
      revocation: {
        reason: 'Expired',
        requestedAt: '2026-11-23T09:00:29.990Z',
        rbacRemovedAt: '2026-11-23T09:00:29.995Z',
        identityRemovedAt: '2026-11-23T09:00:29.998Z',
        verifiedAt: AT,
      },
    });
    expect(conditionOf(status, 'Revoked')).toMatchObject({ status: 'True', reason: 'Verified' });
    expect(conditionOf(status, 'Provisioned')).toMatchObject({ status: 'False' });
  });

  test('something that is still there is named, and removed again after a pause', () => {
    const item = { kind: 'RoleBinding' as const, namespace: 'support', name: 'taskgrant:agents:x', uid: 'u' };
    const facts = afterTheLook({ remaining: [item] });
    const plan = revoke(facts);
    expect(statusWrittenBy(plan).phase).toBe('Revoking');
    expect(conditionOf(statusWrittenBy(plan), 'Revoked')?.message).toContain(
      'RoleBinding support/taskgrant:agents:x',
    );
    const said = { ...facts, grant: withStatus(statusWrittenBy(plan))(facts.grant) };
    expect(revoke(said)).toEqual({ steps: [], againAt: facts.now + 1000 });
    expect(outlineOf(revoke({ ...said, progress: {} })).at(0)).toEqual(['remove RoleBinding']);
  });

  test('a right that is still allowed is looked at again: authorizers hear of a removal a moment later', () => {
    const facts = afterTheLook({ stillAllowed: ['get configmaps'] });
    const { steps, againAt = 0 } = revoke(facts);
    // Nobody waits for it: others are worked on meanwhile.
    expect(steps).toEqual([]);
    expect(againAt).toBeGreaterThan(facts.now);
    const [[again] = []] = revoke({ ...facts, now: againAt }).steps;
    expect(again).toMatchObject({ do: 'look', items: facts.grant.status?.inventory });
  });

  test('a right that is allowed even later comes from bindings of others, and the receipt does not claim otherwise', () => {
    const look = { at: '2026-11-23T09:00:35.000Z', stillAllowed: ['get configmaps in namespace support'] };
    const status = statusWrittenBy(revoke(afterTheLook(look)));
    expect(status.phase).toBe('Expired');
    expect(status.revocation?.verifiedAt).toBeUndefined();
    expect(conditionOf(status, 'Revoked')).toMatchObject({ status: 'False', reason: 'RightsRemain' });
    expect(conditionOf(status, 'Revoked')?.message).toContain('get configmaps in namespace support');
  });

  test('the pauses between looks grow, so that there are few', () => {
    let facts = afterTheLook({ stillAllowed: ['get configmaps'] });
    let looks = 1;
    for (;;) {
      const { againAt } = revoke(facts);
      if (againAt === undefined) break;
      facts = afterTheLook(
        { at: new Date(againAt).toISOString(), stillAllowed: ['get configmaps'] },
        { now: againAt },
      );
      looks++;
    }
    expect(looks).toBeLessThanOrEqual(13);
  });
});

test('what comes back after the end is removed: bindings first, pods last', () => {
  const facts = factsWhileActive({ pods: [aTaskPod('late', 'Pending')] });
  expect(outlineOf({ steps: removeLeftovers(facts) })).toEqual([
    ['remove RoleBinding'],
    ['remove ServiceAccount', 'remove Role'],
    ['removePod late'],
  ]);
});
