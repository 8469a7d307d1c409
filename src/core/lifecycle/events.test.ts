import { describe, expect, test } from 'vitest';
import type { TaskGrantStatus } from '../../api/taskgrant.ts';
import type { RiskLevel } from '../rules/risk-level.ts';
import { aClass, inPhase, withApproval, withGrantSpec, withStatus } from '../testing/builders.ts';
import {
  withEverythingCreated,
  factsWhileActive,
  factsWhileProvisioning,
  factsWhileRevoking,
  someFacts,
  statusWrittenBy,
} from '../testing/lifecycle.ts';
import { activate } from './activation.ts';
import { decide } from './decide.ts';
import { announcementsFor } from './events.ts';
import type { Facts } from './facts.ts';
import { beginRevocation, revoke } from './revocation.ts';
import { keepSuspended } from './suspension.ts';

/** What is announced when the status of these facts becomes what the plan writes. */
function announced({ grant }: Facts, after: TaskGrantStatus) {
  return announcementsFor(grant.status ?? {}, after);
}

const look = { at: '2026-11-23T09:00:30.000Z', remaining: [], stillAllowed: [] };
const progress = {
  rbacRemovedAt: '2026-11-23T09:00:29.995Z',
  identityRemovedAt: '2026-11-23T09:00:29.998Z',
  look,
};

describe('an Event is worth', () => {
  test('that a grant is active: as whom, until when, by which decision', () => {
    const ready = withEverythingCreated(factsWhileProvisioning());
    const { serviceAccountName = '', decision } = ready.grant.status ?? {};
    expect(announced(ready, statusWrittenBy(activate(ready)))).toEqual([
      {
        type: 'Normal',
        reason: 'Active',
        action: 'Activate',
        note: `service account ${serviceAccountName} until 2026-11-23T09:30:30.000Z (decision ${decision?.id ?? ''})`,
      },
    ]);
  });

  test('that its identity can do what is High or worse, when that comes up or gets worse', () => {
    const rated = (level: RiskLevel): TaskGrantStatus => ({
      risk: { level, findings: [{ code: 'SecretsReached', message: 'High: reads Secrets' }] },
    });
    expect(announcementsFor(rated('Medium'), rated('High'))).toEqual([
      {
        type: 'Warning',
        reason: 'RiskRaised',
        action: 'Rate',
        note: 'High, for SecretsReached first of all: High: reads Secrets; all of it stands in status.risk',
      },
    ]);
    expect(announcementsFor({}, rated('High'))).toHaveLength(1);
    expect(announcementsFor(rated('High'), rated('Critical'))).toHaveLength(1);
    expect(announcementsFor(rated('High'), rated('High'))).toEqual([]);
    expect(announcementsFor(rated('Critical'), rated('High'))).toEqual([]);
    expect(announcementsFor({}, rated('Medium'))).toEqual([]);
  });

  test('that more is bound to the identity of an active grant than was when it became active, where that leads further', () => {
    const rated = (level: RiskLevel): TaskGrantStatus => ({
      phase: 'Active',
      risk: { level, findings: [] },
    });
    expect(announcementsFor(rated('Low'), rated('Medium'))).toMatchObject([{ reason: 'RiskRaised' }]);
    expect(announcementsFor(rated('Medium'), rated('Low'))).toEqual([]);
    expect(announcementsFor({ ...rated('Low'), phase: 'Pending' }, rated('Medium'))).not.toEqual(
      expect.arrayContaining([expect.objectContaining({ reason: 'RiskRaised' })]),
    );
  });

  test('that it waits for approval, and that it has it', () => {
    const itsClass = aClass({
      authorization: 'Ceiling',
      approval: { requiredAtRisk: 'Medium', maxWait: '1h' },
    });
    const waiting = someFacts({ class: itsClass });
    const status = statusWrittenBy(activate(waiting));
    expect(status.phase).toBe('AwaitingApproval');
    expect(announced(waiting, status)).toMatchObject([
      { type: 'Normal', reason: 'AwaitingApproval', action: 'Approve' },
    ]);
    const grant = withApproval()(withStatus(status)(waiting.grant));
    const approved = statusWrittenBy(activate({ ...waiting, grant }));
    expect(announced({ ...waiting, grant }, approved)).toEqual([
      {
        type: 'Normal',
        reason: 'Approved',
        action: 'Approve',
        note: 'approved by joe at 2026-11-23T09:00:10.000Z: looked at',
      },
    ]);
  });

  test('each thing that keeps it waiting, once', () => {
    const facts = someFacts({ class: undefined });
    const status = statusWrittenBy(activate(facts));
    expect(announced(facts, status)).toMatchObject([
      { type: 'Warning', reason: 'ClassNotFound', action: 'Activate' },
    ]);
    expect(announcementsFor(status, status)).toEqual([]);
  });

  test('that it ended as it was meant to', () => {
    const facts = factsWhileActive();
    const status = statusWrittenBy(beginRevocation(facts, { reason: 'Completed', message: 'all done' }));
    expect(announced(facts, status)).toEqual([
      { type: 'Normal', reason: 'Completed', action: 'Revoke', note: 'all done' },
    ]);
  });

  test('a warning, where its pods were used up without enough of them having succeeded', () => {
    const facts = factsWhileActive();
    const status = statusWrittenBy(beginRevocation(facts, { reason: 'PodsUsedUp', message: '0 succeeded' }));
    expect(announced(facts, status)).toMatchObject([{ type: 'Warning', reason: 'PodsUsedUp' }]);
  });

  test('a warning, where it ended because somebody changed it', () => {
    const facts = factsWhileActive();
    const status = statusWrittenBy(beginRevocation(facts, { reason: 'Drifted', message: 'Role x is gone' }));
    expect(announced(facts, status)).toMatchObject([{ type: 'Warning', reason: 'Drifted' }]);
  });

  test('that it was denied, with why', () => {
    const facts = someFacts({ class: aClass({ limits: { maxDuration: '1m' } }) });
    expect(announced(facts, statusWrittenBy(activate(facts)))).toMatchObject([
      {
        type: 'Warning',
        reason: 'Denied',
        action: 'Revoke',
        note: expect.stringContaining('spec.duration') as string,
      },
    ]);
  });

  const toBeSuspended = withGrantSpec({ suspend: true });

  test('that it is suspended as somebody asked', () => {
    const facts = factsWhileActive({}, toBeSuspended);
    expect(announced(facts, statusWrittenBy(decide(facts)))).toEqual([
      { type: 'Normal', reason: 'Suspended', action: 'Suspend', note: 'spec.suspend is true' },
    ]);
  });

  test('a warning, where it is suspended because it no longer fits its class, with what does not', () => {
    const itsClass = aClass({ limits: { maxDuration: '1m' } });
    const facts = factsWhileActive({ class: itsClass }, withGrantSpec({ onDrift: 'Suspend' }));
    expect(announced(facts, statusWrittenBy(decide(facts)))).toMatchObject([
      {
        type: 'Warning',
        reason: 'Drifted',
        action: 'Suspend',
        note: expect.stringContaining('spec.duration') as string,
      },
    ]);
  });

  test('that a suspended grant holds nothing, and how long that took', () => {
    const suspension = { reason: 'Suspended' as const, requestedAt: '2026-11-23T09:00:29.990Z' };
    const facts = factsWhileActive(
      { found: [], progress: { rightsRemovedAt: '2026-11-23T09:00:29.995Z', rightsLook: look } },
      toBeSuspended,
      inPhase('Suspended'),
      withStatus({ suspension }),
    );
    expect(announced(facts, statusWrittenBy(keepSuspended(facts)))).toEqual([
      {
        type: 'Normal',
        reason: 'Verified',
        action: 'Verify',
        note: 'suspended: rights gone after 5 ms, verified after 10 ms',
      },
    ]);
  });

  test('that it is active again', () => {
    const { grant } = factsWhileActive();
    const suspension = { reason: 'Suspended' as const, requestedAt: '2026-11-23T09:00:20Z' };
    const before = { ...grant.status, phase: 'Suspended' as const, suspension };
    expect(announcementsFor(before, grant.status ?? {})).toMatchObject([
      { type: 'Normal', reason: 'Active', action: 'Resume' },
    ]);
  });

  test('that everything is gone, and how long that took', () => {
    const facts = factsWhileRevoking({ progress });
    expect(announced(facts, statusWrittenBy(revoke(facts)))).toEqual([
      {
        type: 'Normal',
        reason: 'Verified',
        action: 'Verify',
        note: 'rights gone after 5 ms, identity after 8 ms, verified after 10 ms',
      },
    ]);
  });

  test('a warning, that something cannot be removed', () => {
    const item = { kind: 'RoleBinding' as const, namespace: 'support', name: 'x' };
    const facts = factsWhileRevoking({ progress: { ...progress, look: { ...look, remaining: [item] } } });
    expect(announced(facts, statusWrittenBy(revoke(facts)))).toMatchObject([
      { type: 'Warning', reason: 'Revoking', action: 'Revoke' },
    ]);
  });

  test('a warning, that bindings of others still give the account rights', () => {
    const late = { ...look, at: '2026-11-23T09:00:40.000Z', stillAllowed: ['get configmaps'] };
    const facts = factsWhileRevoking({ progress: { ...progress, look: late } });
    expect(announced(facts, statusWrittenBy(revoke(facts)))).toMatchObject([
      { type: 'Warning', reason: 'RightsRemain', action: 'Verify' },
    ]);
  });
});

test('that the inventory is recorded, or a pod counted, is worth none', () => {
  const facts = someFacts();
  expect(announced(facts, statusWrittenBy(activate(facts)))).toEqual([]);
  const { grant } = factsWhileActive();
  const counted = withStatus({ podsUsed: '1/1' })(grant);
  expect(announcementsFor(grant.status ?? {}, counted.status ?? {})).toEqual([]);
});
