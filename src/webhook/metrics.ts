/** What the webhook counts. Labels are bounded: paths, resources, operations, codes; never an object's name. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AdmissionRequest } from '../api/kubernetes.ts';
import { VIOLATION_CODES } from '../core/decision/codes.ts';
import type { Answer } from './review.ts';
import { CERTIFICATE_FAULTS, type CertificateFault } from './tls.ts';

export interface HoldMetrics {
  /** Called when a request begins to wait for its grant; the result is called when it waits no more. */
  holding(): () => void;
}

export interface CertificateMetrics {
  /** When the certificate in use ends, in seconds since the epoch. */
  expires: Gauge;
  /** What is in the Secret now is not served with, and why. */
  refused(fault: CertificateFault): void;
  /** What is in the Secret now is served with. */
  accepted(): void;
}

export interface WebhookMetrics extends HoldMetrics {
  /** Called when a request to this path begins; the result, with the HTTP status, when it has been answered. */
  request(webhook: string): (code: number) => void;
  /** Counts an answer; undefined where there was none, because of an error. */
  decided(
    request: Pick<AdmissionRequest, 'resource' | 'operation'>,
    phase: Phase,
    answer: Answer | undefined,
  ): void;
  certificate: CertificateMetrics;
}

export type Phase = 'mutate' | 'validate' | 'warn' | 'audit';

/** From the tenth of a millisecond that judging takes to the ten seconds that the API server waits. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createWebhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry];
  // The first three are named as in controller-runtime (pkg/webhook/internal/metrics).
  const requests = new Counter({
    name: 'controller_runtime_webhook_requests_total',
    help: 'Total number of admission requests by HTTP status code; 499 where nobody waited for the answer.',
    labelNames: ['webhook', 'code'],
    registers,
  });
  const latency = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Latency of processing admission requests, waiting for a grant included.',
    labelNames: ['webhook'],
    buckets: SECONDS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'controller_runtime_webhook_requests_in_flight',
    help: 'Current number of admission requests being served.',
    labelNames: ['webhook'],
    registers,
  });
  const decisions = new Counter({
    name: 'taskgrant_admission_decisions_total',
    help: 'Answers to admission requests: allowed, denied, or failed, where no answer could be found.',
    labelNames: ['phase', 'resource', 'operation', 'decision'],
    registers,
  });
  const violations = new Counter({
    name: 'taskgrant_admission_violations_total',
    help: 'What was wrong with requests that were denied, by code (docs/reasons.md).',
    labelNames: ['code'],
    registers,
  });
  for (const code of Object.keys(VIOLATION_CODES)) violations.inc({ code }, 0);
  const held = new Gauge({
    name: 'taskgrant_admission_held',
    help: 'Pods whose creation waits for their grant to become active.',
    registers,
  });
  const holds = new Histogram({
    name: 'taskgrant_admission_hold_seconds',
    help: 'How long pods waited for their grant to become active.',
    buckets: SECONDS,
    registers,
  });
  const expires = new Gauge({
    name: 'taskgrant_webhook_certificate_expiration_timestamp_seconds',
    help: 'When the serving certificate in use ends.',
    registers,
  });
  const refused = new Counter({
    name: 'taskgrant_webhook_certificates_refused_total',
    help: 'Certificates in the Secret that could not be used, by why; the one before stays in use.',
    labelNames: ['fault'],
    registers,
  });
  const unusable = new Gauge({
    name: 'taskgrant_webhook_certificate_unusable',
    help: '1 while what is in the Secret cannot be used, by why: what is in use will not be renewed by it.',
    labelNames: ['fault'],
    registers,
  });
  for (const fault of CERTIFICATE_FAULTS) refused.inc({ fault }, 0);
  const nowUnusable = (by: CertificateFault | undefined) => {
    for (const fault of CERTIFICATE_FAULTS) unusable.set({ fault }, fault === by ? 1 : 0);
  };
  nowUnusable(undefined);
  return {
    certificate: {
      expires,
      refused(fault) {
        refused.inc({ fault });
        nowUnusable(fault);
      },
      accepted() {
        nowUnusable(undefined);
      },
    },
    request(webhook) {
      inFlight.inc({ webhook });
      const observe = latency.startTimer({ webhook });
      return (code) => {
        observe();
        inFlight.dec({ webhook });
        requests.inc({ webhook, code: String(code) });
      };
    },
    decided({ resource: { resource }, operation }, phase, answer) {
      const decision = answer === undefined ? 'failed' : answer.allowed ? 'allowed' : 'denied';
      decisions.inc({ phase, resource, operation, decision });
      if (answer?.allowed !== false) return;
      const counts = Map.groupBy(answer.violations, ({ code }) => code);
      for (const [code, { length }] of counts) violations.inc({ code }, length);
    },
    holding() {
      held.inc();
      const observe = holds.startTimer();
      return () => {
        observe();
        held.dec();
      };
    },
  };
}
