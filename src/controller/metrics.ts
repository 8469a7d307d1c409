/** What the controller counts. Labels are bounded: phases, reasons, kinds; never the name of an object but of the release's own guards. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { isFinal, PHASES } from '../api/reasons.ts';
import type { TaskGrant, TaskGrantStatus } from '../api/taskgrant.ts';
import type { Verdict } from '../core/guards/tampering.ts';
import { isAtLeast, RISK_LEVELS } from '../core/rules/risk-level.ts';
import { CERTIFICATE_REASONS } from './certificate-plan.ts';

export interface CertificateMetrics {
  /** CAs and certificates that were made, by why. */
  made: Counter<'what' | 'because'>;
  bundles: Counter;
}

export interface ControllerMetrics {
  certificates: CertificateMetrics;
  wroteStatus: (grant: TaskGrant, before: TaskGrantStatus, after: TaskGrantStatus) => void;
  podsRemoved: Counter;
  swept: Counter<'kind'>;
  /** 1 while enforcement is proven. */
  enforced: Gauge;
  /** What guards grants was compared with what was installed: all of it. */
  lookedAtGuards: (verdicts: readonly Verdict[]) => void;
}

/** From the floor of a few milliseconds to the seconds that an overloaded API server may take. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param grants every grant that is known, asked for at each scrape; @param now milliseconds since the epoch */
export function createControllerMetrics(
  registry: Registry,
  grants: () => readonly TaskGrant[],
  now: () => number,
): ControllerMetrics {
  const registers = [registry];
  new Gauge({
    name: 'taskgrant_grants',
    help: 'TaskGrants by phase.',
    labelNames: ['phase'],
    registers,
    collect() {
      const counts = new Map<string, number>(PHASES.map((phase) => [phase, 0]));
      for (const { status } of grants()) {
        const phase = status?.phase ?? 'Pending';
        counts.set(phase, (counts.get(phase) ?? 0) + 1);
      }
      for (const [phase, count] of counts) this.set({ phase }, count);
    },
  });
  new Gauge({
    name: 'taskgrant_active_grants',
    help: 'TaskGrants that are active, by the level of what their identity can do.',
    labelNames: ['risk'],
    registers,
    collect() {
      const counts = new Map<string, number>(RISK_LEVELS.map((level) => [level, 0]));
      for (const { status } of grants()) {
        if (status?.phase !== 'Active' || !status.risk) continue;
        const { level } = status.risk;
        counts.set(level, (counts.get(level) ?? 0) + 1);
      }
      for (const [risk, count] of counts) this.set({ risk }, count);
    },
  });
  new Gauge({
    name: 'taskgrant_unenforced_grants',
    help: 'TaskGrants that are active, and whose namespace has lost its label: new pods there are not judged.',
    registers,
    collect() {
      this.set(grants().filter(isUnenforced).length);
    },
  });
  new Gauge({
    name: 'taskgrant_overdue_seconds',
    help: 'How long the oldest grant that should be gone is overdue. More than a few seconds: rights outlive their time.',
    registers,
    collect() {
      this.set(grants().reduce((most, grant) => Math.max(most, overdueMs(grant, now())), 0) / 1000);
    },
  });
  const activation = new Histogram({
    name: 'taskgrant_activation_seconds',
    help: 'From the creation of a grant (whole seconds, by the API server) to Active.',
    buckets: SECONDS,
    registers,
  });
  const revocation = new Histogram({
    name: 'taskgrant_revocation_seconds',
    help: 'From the decision to end a grant until its rights, its identity were removed, and that was verified.',
    labelNames: ['step'],
    buckets: SECONDS,
    registers,
  });
  const suspended = new Counter({
    name: 'taskgrant_suspended_total',
    help: 'Suspensions, by reason: Suspended (spec.suspend) or Drifted (spec.onDrift).',
    labelNames: ['reason'],
    registers,
  });
  const ended = new Counter({
    name: 'taskgrant_ended_total',
    help: 'Grants that reached a final phase, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const swept = new Counter({
    name: 'taskgrant_swept_total',
    help: 'Objects that carried the product’s labels and belonged to no grant, and were removed.',
    labelNames: ['kind'],
    registers,
  });
  const podsRemoved = new Counter({
    name: 'taskgrant_pods_removed_total',
    help: 'Pods that were removed because their grant had ended or its pods were used up.',
    registers,
  });
  const enforced = new Gauge({
    name: 'taskgrant_enforcement_proven',
    help: '1 while a dry-run pod that has to be refused is refused, and the webhook configurations are as installed; nothing becomes active otherwise.',
    registers,
  });
  const tampered = new Gauge({
    name: 'taskgrant_tampered',
    help: '1 where a webhook configuration, a policy of the floor or what binds it, or a CRD is gone or not as it was installed. Said by the replica that leads.',
    labelNames: ['kind', 'name'],
    registers,
  });
  const raised = new Counter({
    name: 'taskgrant_risk_raised_total',
    help: 'How often the level of an active grant’s risk has risen to this one, by what is bound besides it.',
    labelNames: ['risk'],
    registers,
  });
  const made = new Counter({
    name: 'taskgrant_certificates_made_total',
    help: 'CAs and certificates of the webhook that were made: in the course of things (Due, NewAuthority), at first (Missing), or because somebody had broken what was there.',
    labelNames: ['what', 'because'],
    registers,
  });
  for (const what of ['CA', 'certificate'])
    for (const because of CERTIFICATE_REASONS) made.inc({ what, because }, 0);
  const bundles = new Counter({
    name: 'taskgrant_ca_bundles_written_total',
    help: 'How often the CA was written into the webhook configurations: twice a renewal of the CA; more where somebody edits them.',
    registers,
  });
  return {
    certificates: { made, bundles },
    podsRemoved,
    swept,
    enforced,
    lookedAtGuards(verdicts) {
      // Of what a release does not have any more nothing is said.
      tampered.reset();
      for (const { object, wrong } of verdicts)
        tampered.set({ kind: object.kind, name: object.metadata.name ?? '' }, wrong === undefined ? 0 : 1);
    },
    wroteStatus(grant, before, after) {
      const [was, is] = [before.risk?.level, after.risk?.level];
      if (before.phase === 'Active' && was !== undefined && is !== undefined && !isAtLeast(was, is))
        raised.inc({ risk: is });
      if (after.phase === before.phase) return;
      if (after.phase === 'Suspended') suspended.inc({ reason: after.suspension?.reason ?? '' });
      if (after.phase === 'Active' && before.phase !== 'Suspended') {
        activation.observe(Math.max(0, now() - Date.parse(grant.metadata.creationTimestamp ?? '')) / 1000);
      }
      if (!isFinal(after.phase)) return;
      const {
        reason = '',
        requestedAt = '',
        rbacRemovedAt,
        identityRemovedAt,
        verifiedAt,
      } = after.revocation ?? {};
      ended.inc({ reason });
      for (const [step, time] of Object.entries({
        rbac: rbacRemovedAt,
        identity: identityRemovedAt,
        verified: verifiedAt,
      })) {
        if (time !== undefined)
          revocation.observe({ step }, (Date.parse(time) - Date.parse(requestedAt)) / 1000);
      }
    },
  };
}

function isUnenforced({ status }: TaskGrant): boolean {
  return (
    status?.phase === 'Active' &&
    (status.conditions ?? []).some(({ type, status: is }) => type === 'Enforced' && is === 'False')
  );
}

function overdueMs({ status }: TaskGrant, now: number): number {
  if (isFinal(status?.phase)) return 0;
  const { expiresAt, revocation, suspension } = status ?? {};
  const suspendedSince = suspension?.rbacRemovedAt === undefined ? suspension?.requestedAt : undefined;
  const due = [expiresAt, revocation?.requestedAt, suspendedSince].filter((time) => time !== undefined);
  return Math.max(0, ...due.map((time) => now - Date.parse(time)));
}
