/** What the webhook serves with and is trusted by, as replicas, Secrets and webhook configurations of the release say. */
import { expect, onTestFinished, vi } from 'vitest';
import { readBundle } from '../../src/kube/certificate-authority.ts';
import { NoAnswerError } from '../../src/kube/api-error.ts';
import type { Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  mutatingWebhookConfigurations,
  pods,
  secrets,
  validatingWebhookConfigurations,
} from '../../src/kube/resources.ts';
import { doAgainAndAgain } from '../grant/testbed.ts';
import { kubectl, namespace, release } from './release.ts';

export const CA_SECRET = { namespace, name: `${release}-ca` };
export const TLS_SECRET = { namespace, name: `${release}-webhook-tls` };

/** The text of one key of a Secret; empty where there is none. */
export async function secretText(admin: Client, secret: typeof TLS_SECRET, key: string): Promise<string> {
  const { data } = await admin.get(secrets, secret);
  return Buffer.from(data?.[key] ?? '', 'base64').toString();
}

/** Until every replica serves with what is in the Secret. */
export async function untilServed(admin: Client): Promise<void> {
  await vi.waitFor(
    async () => {
      const [leaf] = readBundle(await secretText(admin, TLS_SECRET, 'tls.crt'));
      const served = (await metricsOf(admin, 'webhook')).map(
        (metrics) => /^taskgrant_webhook_certificate_expiration_timestamp_seconds (.*)$/m.exec(metrics)?.[1],
      );
      expect(served.length).toBeGreaterThanOrEqual(3);
      expect(new Set(served)).toEqual(new Set([String((leaf?.notAfter ?? 0) / 1000)]));
    },
    { timeout: 60_000, interval: 300 },
  );
}

/** So many answers show that something was asked for. */
const ENOUGH = 20;

/**
 * Asks for the same again and again, by several at a time, until `stop` is called, which tells how often it was admitted, and with what
 * it was refused. It goes on for longer where few answers have come: how many come in a while is the machine's business.
 */
export function askMeanwhile(ask: () => Promise<unknown>, atATime: number) {
  let answers = 0;
  const asking = doAgainAndAgain(() => ask().finally(() => (answers += 1)), atATime);
  // Of a test that fails before it stops it as well.
  onTestFinished(async () => {
    await asking.stop();
  });
  return {
    async stop(): Promise<{ admitted: number; refusals: unknown[] }> {
      await vi.waitFor(
        () => {
          expect(answers).toBeGreaterThanOrEqual(ENOUGH);
        },
        { timeout: 60_000, interval: 100 },
      );
      return asking.stop();
    },
  };
}

/** The CA bundle of each webhook, in base64 as it stands there. */
export async function bundles(admin: Client): Promise<(string | undefined)[]> {
  const [mutating, validating] = await Promise.all([
    admin.get(mutatingWebhookConfigurations, { name: release }),
    admin.get(validatingWebhookConfigurations, { name: release }),
  ]);
  return [...(mutating.webhooks ?? []), ...(validating.webhooks ?? [])].map(
    ({ clientConfig }) => clientConfig.caBundle,
  );
}

/** The pods of one process that are not on their way out. */
export async function replicas(admin: Client, component: string): Promise<string[]> {
  const labelSelector = `app.kubernetes.io/instance=${release},app.kubernetes.io/component=${component}`;
  return (await listAll(admin, pods, { namespace }, { labelSelector }))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}

export async function metricsOf(admin: Client, component: string): Promise<string[]> {
  const names = await replicas(admin, component);
  return Promise.all(names.map((pod) => kubectl('get', '--raw', `${proxied(pod)}/metrics`)));
}

/** What a replica says that it waits for, or that there is no way to ask it; undefined where it is ready. */
export async function whyNotReady(admin: Client, pod: string): Promise<string | undefined> {
  try {
    await admin.getPath(`${proxied(pod)}/readyz`);
    throw new Error('what it says is no JSON');
  } catch (error) {
    const isReady = error instanceof NoAnswerError && error.reason === 'BadAnswer';
    return isReady ? undefined : String(error);
  }
}

function proxied(pod: string): string {
  return `/api/v1/namespaces/${namespace}/pods/${pod}:8080/proxy`;
}
