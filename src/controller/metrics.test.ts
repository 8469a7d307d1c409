import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { PHASES } from '../api/reasons.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { RISK_LEVELS, type RiskLevel } from '../core/rules/risk-level.ts';
import { aGrant, inPhase, justCreated, withStatus } from '../core/testing/builders.ts';
import { createControllerMetrics, type ControllerMetrics } from './metrics.ts';

const NOW = Date.parse('2026-11-23T09:00:30Z');

let registry: Registry;
let grants: TaskGrant[];
let metrics: ControllerMetrics;

beforeEach(() => {
  registry = new Registry();
  grants = [];
  metrics = createControllerMetrics(
    registry,
    () => grants,
    () => NOW,
  );
});

/** The value of the one sample with these labels. */
async function valueOf(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const [base = name] = /^taskgrant_\w+?(?=_count$|_sum$|$)/.exec(name) ?? [];
  const found = (await registry.getMetricsAsJSON()).find((metric) => metric.name === base);
  const values = (found?.values ?? []) as { value: number; metricName?: string; labels: object }[];
  return values.find(
    (sample) =>
      (sample.metricName ?? base) === name &&
      Object.entries(labels).every(([label, value]) =>
        Object.entries(sample.labels).some(([l, v]) => l === label && v === value),
      ),
  )?.value;
}

describe('grants', () => {
  test('are counted by phase, one without a status as Pending, and phases without any as zero', async () => {
    grants = [aGrant(justCreated), aGrant(inPhase('Pending')), aGrant(inPhase('Completed'))];
    const counts = await Promise.all(
      PHASES.map(async (phase) => [phase, await valueOf('taskgrant_grants', { phase })]),
    );
    expect(Object.fromEntries(counts)).toEqual({
      ...Object.fromEntries(PHASES.map((phase) => [phase, 0])),
      Pending: 2,
      Completed: 1,
    });
  });

  test('are not counted any more when they are gone', async () => {
    grants = [aGrant(inPhase('Active'))];
    expect(await valueOf('taskgrant_grants', { phase: 'Active' })).toBe(1);
    grants = [];
    expect(await valueOf('taskgrant_grants', { phase: 'Active' })).toBe(0);
  });
});

test('active grants are counted by the level of their risk, levels without any as zero', async () => {
  const rated = (level: RiskLevel) => withStatus({ risk: { level, findings: [] } });
  grants = [
    aGrant(rated('High')),
    aGrant(rated('High')),
    aGrant(rated('Low')),
    aGrant(inPhase('Expired'), rated('High')),
  ];
  const counts = await Promise.all(
    RISK_LEVELS.map(async (risk) => [risk, await valueOf('taskgrant_active_grants', { risk })]),
  );
  expect(Object.fromEntries(counts)).toEqual({ None: 0, Low: 1, Medium: 0, High: 2, Critical: 0 });
});

describe('the age of the oldest grant that should be gone', () => {
  const expiresAt = (time: string) => withStatus({ expiresAt: time });

  test('is zero while all have time left', async () => {
    grants = [aGrant(), aGrant(inPhase('Pending'))];
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(0);
  });

  test('counts from the end of its time, or from the decision to end it', async () => {
    grants = [aGrant(expiresAt('2026-11-23T09:00:25Z')), aGrant(expiresAt('2026-11-23T09:00:29Z'))];
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(5);
    grants.push(
      aGrant(
        inPhase('Revoking'),
        withStatus({ revocation: { reason: 'Revoked', requestedAt: '2026-11-23T09:00:10Z' } }),
      ),
    );
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(20);
  });

  test('counts from a suspension on while rights are not gone', async () => {
    const suspension = { reason: 'Suspended' as const, requestedAt: '2026-11-23T09:00:20Z' };
    grants = [aGrant(inPhase('Suspended'), withStatus({ suspension }))];
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(10);
    const rbacRemovedAt = '2026-11-23T09:00:20.005Z';
    grants = [aGrant(inPhase('Suspended'), withStatus({ suspension: { ...suspension, rbacRemovedAt } }))];
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(0);
  });

  test('does not count what is finished', async () => {
    grants = [aGrant(inPhase('Expired'), expiresAt('2026-11-23T09:00:00Z'))];
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(0);
  });

  test('can be told of more grants than a function takes arguments', async () => {
    grants = Array.from({ length: 200_000 }, () => aGrant());
    expect(await valueOf('taskgrant_overdue_seconds')).toBe(0);
  });
});

describe('a status that was written', () => {
  const pending = { phase: 'Pending' as const };
  const revoking = {
    phase: 'Revoking' as const,
    revocation: { reason: 'Expired', requestedAt: '2026-11-23T09:00:29.000Z' },
  };
  const expired = {
    phase: 'Expired' as const,
    revocation: {
      ...revoking.revocation,
      rbacRemovedAt: '2026-11-23T09:00:29.010Z',
      identityRemovedAt: '2026-11-23T09:00:29.020Z',
    },
  };

  test('counts an activation with the time since the grant was created', async () => {
    metrics.wroteStatus(aGrant(), pending, { phase: 'Active' });
    expect(await valueOf('taskgrant_activation_seconds_count')).toBe(1);
    expect(await valueOf('taskgrant_activation_seconds_sum')).toBe(31);
  });

  test('counts a suspension by its reason, and no activation where it is over', async () => {
    const suspension = { reason: 'Drifted' as const, requestedAt: '2026-11-23T09:00:20Z' };
    const suspended = { phase: 'Suspended' as const, suspension };
    metrics.wroteStatus(aGrant(), { phase: 'Active' }, suspended);
    metrics.wroteStatus(aGrant(), suspended, { phase: 'Active' });
    expect(await valueOf('taskgrant_suspended_total', { reason: 'Drifted' })).toBe(1);
    expect(await valueOf('taskgrant_activation_seconds_count')).toBe(0);
  });

  test('counts an end once, by its reason, with how long each step took, and none that was not taken', async () => {
    metrics.wroteStatus(aGrant(), { phase: 'Active' }, revoking);
    metrics.wroteStatus(aGrant(), revoking, expired);
    metrics.wroteStatus(aGrant(), expired, expired);
    expect(await valueOf('taskgrant_ended_total', { reason: 'Expired' })).toBe(1);
    expect(await valueOf('taskgrant_revocation_seconds_sum', { step: 'rbac' })).toBeCloseTo(0.01);
    expect(await valueOf('taskgrant_revocation_seconds_sum', { step: 'identity' })).toBeCloseTo(0.02);
    expect(await valueOf('taskgrant_revocation_seconds_count', { step: 'verified' })).toBeUndefined();
  });

  test('counts nothing where the phase is as before', async () => {
    metrics.wroteStatus(aGrant(), { phase: 'Active' }, { phase: 'Active', podsUsed: '1/1' });
    expect(await valueOf('taskgrant_activation_seconds_count')).toBe(0);
  });
});

test('active grants whose namespace has lost its label are counted', async () => {
  const enforced = (status: 'True' | 'False') =>
    withStatus({
      conditions: [
        {
          type: 'Enforced',
          status,
          reason: status === 'True' ? 'Enforced' : 'NamespaceNotEnforced',
          message: '',
          lastTransitionTime: '2026-11-23T09:00:00Z',
          observedGeneration: 1,
        },
      ],
    });
  grants = [
    aGrant(enforced('False')),
    aGrant(enforced('True')),
    aGrant(inPhase('Pending'), enforced('False')),
  ];
  expect(await valueOf('taskgrant_unenforced_grants')).toBe(1);
});

test('a rise of an active grant’s risk is counted, by the level to which it rose', async () => {
  const rated = (level: RiskLevel, phase: 'Active' | 'Pending' = 'Active') => ({
    phase,
    risk: { level, findings: [] },
  });
  metrics.wroteStatus(aGrant(), rated('Low'), rated('High'));
  metrics.wroteStatus(aGrant(), rated('High'), rated('Medium'));
  metrics.wroteStatus(aGrant(), rated('Low', 'Pending'), rated('High'));
  metrics.wroteStatus(aGrant(), { phase: 'Active' }, rated('High'));
  expect(await valueOf('taskgrant_risk_raised_total', { risk: 'High' })).toBe(1);
  expect(await valueOf('taskgrant_risk_raised_total', { risk: 'Medium' })).toBeUndefined();
});

test('a guard is 1 while it is not as it was installed, 0 otherwise, and nothing where there is none any more', async () => {
  const guard = (kind: string, wrong?: string) => ({
    object: { apiVersion: '', kind, metadata: { name: 'taskgrant' } },
    wrong,
  });
  metrics.lookedAtGuards([guard('A', 'it is gone'), guard('B')]);
  expect(await valueOf('taskgrant_tampered', { kind: 'A', name: 'taskgrant' })).toBe(1);
  expect(await valueOf('taskgrant_tampered', { kind: 'B' })).toBe(0);
  metrics.lookedAtGuards([guard('A')]);
  expect(await valueOf('taskgrant_tampered', { kind: 'A' })).toBe(0);
  expect(await valueOf('taskgrant_tampered', { kind: 'B' })).toBeUndefined();
});

test('no label is the name of an object, so that the number of series is bounded', async () => {
  grants = [aGrant()];
  metrics.wroteStatus(aGrant(), { phase: 'Pending' }, { phase: 'Active' });
  metrics.swept.inc({ kind: 'Role' });
  const labels = (await registry.getMetricsAsJSON()).flatMap(({ values }) =>
    values.flatMap((value) => Object.keys(value.labels)),
  );
  expect([...new Set(labels)].toSorted()).toEqual(['because', 'kind', 'le', 'phase', 'risk', 'what']);
});
