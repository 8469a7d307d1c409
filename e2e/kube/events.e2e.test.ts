import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ConfigMap, Stored } from '../../src/api/kubernetes.ts';
import { createEventRecorder, referenceTo } from '../../src/kube/events.ts';
import type { EventInput } from '../../src/kube/event-series.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import { configMaps, events, namespaces } from '../../src/kube/resources.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxyOptions } from './fault-proxy.ts';
import { aConfigMap, clusterKubeConfig, createTestNamespace, testClient } from './testbed.ts';

const kubeConfig = clusterKubeConfig();
const admin = testClient(kubeConfig);
const cleanUp: (() => Promise<unknown>)[] = [];
let namespace: string;
let object: Stored<ConfigMap>;

/** Flushing ends as soon as everything is written. */
const PATIENCE_MS = 60_000;
/** A thousand events are written one after the other. */
const THOUSAND_MS = 240_000;

beforeEach(async () => {
  namespace = await createTestNamespace(admin);
  cleanUp.push(() => admin.remove(namespaces, { name: namespace }));
  object = await admin.create(configMaps, aConfigMap(namespace, 'a'));
});

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

afterAll(() => admin.close());

const newRecorder = async (onRequest?: FaultProxyOptions['onRequest']) => {
  const proxy = await startFaultProxy({ kubeConfig, ...(onRequest && { onRequest }) });
  const client = testClient(proxy.kubeConfig);
  const registry = new Registry();
  cleanUp.push(async () => {
    await client.close();
    await proxy.stop();
  });
  const recorder = createEventRecorder({
    client,
    reportingController: 'taskgrant.dev/controller',
    reportingInstance: 'controller-0',
    logger: silentLogger,
    metrics: createKubeMetrics(registry).events,
  });
  const dropped = async () => {
    const metric = await registry.getSingleMetric('taskgrant_events_dropped_total')?.get();
    return Object.fromEntries(
      metric?.values.map(({ labels, value }): [string, number] => [String(labels['cause']), value]) ?? [],
    );
  };
  return { proxy, recorder, dropped };
};

const anEvent = (changes: Partial<EventInput> = {}): EventInput => ({
  regarding: referenceTo(object),
  type: 'Normal',
  reason: 'Activated',
  action: 'Activate',
  note: 'the grant is active',
  ...changes,
});

const stored = () => listAll(admin, events, { namespace });

test('an event is found where kubectl describe looks for it', async () => {
  const { recorder } = await newRecorder();
  recorder.record(anEvent({ note: 'ä'.repeat(2000) }));
  await recorder.flush(PATIENCE_MS);
  const [event, ...others] = await stored();
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    reason: 'Activated',
    action: 'Activate',
    type: 'Normal',
    note: 'ä'.repeat(512),
    reportingController: 'taskgrant.dev/controller',
    reportingInstance: 'controller-0',
    regarding: { kind: 'ConfigMap', namespace, name: 'a', uid: object.metadata.uid },
  });
  expect(event?.series).toBeUndefined();
  expect(event?.metadata.name).toMatch(/^a\.[0-9a-f]{16}$/);
});

test('repeats become a series of one event, at few requests', async () => {
  const { recorder, proxy } = await newRecorder();
  for (let index = 0; index < 500; index++) recorder.record(anEvent());
  recorder.record(anEvent({ reason: 'Other' }));
  await recorder.flush(PATIENCE_MS);
  const all = await stored();
  expect(all.map(({ reason, series }) => [reason, series?.count])).toEqual(
    expect.arrayContaining([
      ['Activated', 500],
      ['Other', undefined],
    ]),
  );
  expect(all).toHaveLength(2);
  expect(proxy.requests.length).toBeLessThanOrEqual(4);
});

test('a series whose event was deleted begins anew, with its count', async () => {
  const { recorder } = await newRecorder();
  recorder.record(anEvent());
  await recorder.flush(PATIENCE_MS);
  const [first] = await stored();
  await admin.remove(events, { namespace, name: first?.metadata.name ?? '' });
  recorder.record(anEvent());
  await recorder.flush(PATIENCE_MS);
  expect((await stored()).map(({ series }) => series?.count)).toEqual([2]);
});

test('an event whose answer was lost is there once', async () => {
  let lost = 0;
  const { recorder, dropped } = await newRecorder(({ verb }) =>
    verb === 'create' && lost++ === 0 ? { dropAnswer: 'reset' } : undefined,
  );
  recorder.record(anEvent());
  await recorder.flush(PATIENCE_MS);
  expect(lost).toBe(2);
  expect(await stored()).toHaveLength(1);
  expect(await dropped()).toEqual({ queue: 0, refused: 0, unreachable: 0 });
});

test('a refused event is given up and counted, and the next one goes through', async () => {
  const { recorder, dropped, proxy } = await newRecorder();
  recorder.record(anEvent({ regarding: { kind: 'Pod', namespace: 'no-such-namespace', name: 'p' } }));
  recorder.record(anEvent());
  await recorder.flush(PATIENCE_MS);
  expect(await dropped()).toEqual({ queue: 0, refused: 1, unreachable: 0 });
  expect(await stored()).toHaveLength(1);
  expect(proxy.requests).toHaveLength(2);
});

test(
  'while the server is away no more than a thousand wait, recording goes on, and flushing ends in time',
  async () => {
    const { recorder, dropped, proxy } = await newRecorder();
    proxy.freeze();
    for (let index = 0; index < 1500; index++) recorder.record(anEvent({ note: `event ${index}` }));
    await recorder.flush(200);
    // One is on its way, a thousand wait.
    expect(await dropped()).toMatchObject({ queue: 499 });
    proxy.thaw();
    await vi.waitFor(
      async () => {
        expect(await stored()).toHaveLength(1001);
      },
      { timeout: THOUSAND_MS, interval: 1000 },
    );
  },
  THOUSAND_MS + PATIENCE_MS,
);
