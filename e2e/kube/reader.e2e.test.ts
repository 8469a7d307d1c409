import pLimit from 'p-limit';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ConfigMap, Stored } from '../../src/api/kubernetes.ts';
import { monotonicNow, sleep } from '../../src/kube/clock.ts';
import { listAll } from '../../src/kube/list-all.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import { createReader } from '../../src/kube/reader.ts';
import type { Reader, ReaderOptions } from '../../src/kube/reader.ts';
import { configMaps, namespaces } from '../../src/kube/resources.ts';
import type { Change } from '../../src/kube/store.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy, FaultProxyOptions, RequestRecord, Verdict } from './fault-proxy.ts';
import { aConfigMap, clusterKubeConfig, createTestNamespace, seededRandom, testClient } from './testbed.ts';

// Tests here write hundreds of objects, and wait for several pauses.
vi.setConfig({ testTimeout: 300_000 });

const kubeConfig = clusterKubeConfig();
const admin = testClient(kubeConfig);
const cleanUp: (() => Promise<unknown>)[] = [];
let namespace: string;

beforeEach(async () => {
  namespace = await createTestNamespace(admin);
  cleanUp.push(() => admin.remove(namespaces, { name: namespace }));
});

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

afterAll(() => admin.close());

const newProxy = async (onRequest?: FaultProxyOptions['onRequest']): Promise<FaultProxy> => {
  const proxy = await startFaultProxy({ kubeConfig, ...(onRequest && { onRequest }) });
  cleanUp.push(() => proxy.stop());
  return proxy;
};

type ConfigMapReader = Reader<ConfigMap, 'colour'>;

/** The controller manager puts a ConfigMap of its own into every namespace, at a time of its own. */
const OURS = 'metadata.name!=kube-root-ca.crt';

const newReader = (
  proxy: FaultProxy,
  options: Partial<ReaderOptions<ConfigMap, 'colour'>> = {},
): ConfigMapReader => {
  const client = testClient(proxy.kubeConfig);
  const reader = createReader({
    client,
    resource: configMaps,
    namespace,
    fieldSelector: OURS,
    logger: silentLogger,
    indexers: { colour: ({ data }) => (data?.['colour'] === undefined ? [] : [data['colour']]) },
    ...options,
  });
  cleanUp.push(async () => {
    await reader.stop();
    await client.close();
  });
  return reader;
};

const record = (reader: ConfigMapReader): Change<ConfigMap>[] => {
  const changes: Change<ConfigMap>[] = [];
  reader.subscribe((change) => changes.push(change));
  return changes;
};

const told = (changes: Change<ConfigMap>[]) =>
  changes.map(({ type, object }) => `${type} ${object.metadata.name}`);

const requestsFor = (proxy: FaultProxy, verb: string) =>
  proxy.requests.filter(({ request }) => request.verb === verb);

/** How long after each request the next one came, in milliseconds. */
const gaps = (requests: readonly RequestRecord[]) =>
  requests.slice(1).map(({ at }, index) => at - (requests[index]?.at ?? at));

const watchIsOpen = (proxy: FaultProxy) =>
  vi.waitFor(() => {
    expect(requestsFor(proxy, 'watch').at(-1)?.status).toBe(200);
  }, 20_000);

const create = (name: string, data?: Record<string, string>) =>
  admin.create(configMaps, aConfigMap(namespace, name, data));
const update = (name: string, data: Record<string, string>) =>
  admin.patch(configMaps, { namespace, name }, { type: 'merge', body: { data } });
const remove = (name: string) => admin.remove(configMaps, { namespace, name });

/** A few at a time: what waits for its turn in the client waits within the time of its request. */
const createMany = (count: number) => {
  const limit = pLimit(32);
  return Promise.all(Array.from({ length: count }, (_, index) => limit(() => create(`many-${index}`))));
};

const versions = (objects: Stored<ConfigMap>[]) =>
  objects.map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).sort();

/** Waits until the reader holds exactly what the server has. */
const sameAsServer = (reader: ConfigMapReader) =>
  vi.waitFor(
    async () => {
      const server = await listAll(admin, configMaps, { namespace }, { fieldSelector: OURS });
      expect(versions(reader.list())).toEqual(versions(server));
    },
    { timeout: 100_000, interval: 200 },
  );

const errorEvent = (code: number, reason: string) =>
  JSON.stringify({
    type: 'ERROR',
    object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason },
  });

test('tells what is there, what changes and what goes, with the object as it was before', async () => {
  await create('before', { colour: 'red' });
  const reader = newReader(await newProxy());
  const changes = record(reader);
  expect(reader.lastContactAt()).toBeUndefined();
  reader.start();
  expect(reader.hasSynced()).toBe(false);
  await reader.waitForSync();

  const before = reader.get(`${namespace}/before`);
  expect(before).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { colour: 'red' } });
  expect(before?.metadata.managedFields).toBeUndefined();
  expect(reader.byIndex('colour', 'red')).toEqual([before]);

  await create('during');
  await update('before', { colour: 'blue' });
  await remove('during');
  await vi.waitFor(() => {
    expect(told(changes)).toEqual(['added before', 'added during', 'updated before', 'deleted during']);
  }, 20_000);
  expect(changes[2]).toMatchObject({
    object: { data: { colour: 'blue' } },
    old: { data: { colour: 'red' } },
  });
  expect(changes[3]).toMatchObject({ finalStateUnknown: false });
  expect(reader.byIndex('colour', 'red')).toEqual([]);
  expect(reader.byIndex('colour', 'blue')).toHaveLength(1);
  expect(monotonicNow() - (reader.lastContactAt() ?? 0)).toBeLessThan(60_000);
});

test('a handler that throws disturbs neither the others nor the reader, and is counted', async () => {
  const registry = new Registry();
  const reader = newReader(await newProxy(), { metrics: createKubeMetrics(registry).reader });
  reader.subscribe(() => {
    throw new Error('a handler with a mistake');
  });
  const changes = record(reader);
  reader.start();
  await reader.waitForSync();
  await create('one');
  await create('two');
  await vi.waitFor(() => {
    expect(told(changes)).toEqual(['added one', 'added two']);
  }, 20_000);
  const counted = await registry.getSingleMetric('taskgrant_reader_handler_errors_total')?.get();
  expect(counted?.values).toEqual([{ labels: { resource: 'configmaps' }, value: 2 }]);
});

test('who subscribes late is told of what is there already, and nothing after unsubscribing', async () => {
  await create('early');
  const reader = newReader(await newProxy());
  reader.start();
  await reader.waitForSync();
  const first: string[] = [];
  const unsubscribe = reader.subscribe(({ type, object }) => first.push(`${type} ${object.metadata.name}`));
  expect(first).toEqual(['added early']);
  unsubscribe();
  const second = record(reader);
  await create('late');
  await vi.waitFor(() => {
    expect(told(second)).toEqual(['added early', 'added late']);
  }, 20_000);
  expect(first).toEqual(['added early']);
});

test('a large collection is listed in pages, which survive a refusal and a broken answer', async () => {
  await createMany(1100);
  let pages = 0;
  const proxy = await newProxy(({ verb }): Verdict | undefined => {
    if (verb !== 'list') return undefined;
    pages += 1;
    if (pages === 2) return { answer: { status: 429, headers: { 'retry-after': '1' } } };
    if (pages === 3) return { cutAfterBytes: 5000 };
    return undefined;
  });
  const reader = newReader(proxy);
  reader.start();
  await reader.waitForSync();
  expect(reader.list()).toHaveLength(1100);
  expect(requestsFor(proxy, 'list').map(({ request }) => request.query.get('limit'))).toEqual(
    Array(5).fill('500'),
  );
});

test('a list of large objects is read in pages that fit into memory', async () => {
  const large = 'x'.repeat(900_000);
  await Promise.all(Array.from({ length: 6 }, (_, index) => create(`large-${index}`, { large })));
  const proxy = await newProxy();
  const reader = newReader(proxy);
  reader.start();
  await reader.waitForSync();
  await sameAsServer(reader);
  const limits = requestsFor(proxy, 'list').map(({ request }) => Number(request.query.get('limit')));
  expect(limits.slice(0, 4)).toEqual([500, 125, 31, 7]);
  expect(limits.at(-1)).toBeLessThan(7);
});

test('a list whose version is gone before its last page begins anew, in one piece', async () => {
  await createMany(600);
  const proxy = await newProxy(({ verb, query }) =>
    verb === 'list' && query.has('continue')
      ? { answer: { status: 410, body: { kind: 'Status', code: 410, reason: 'Expired' } } }
      : undefined,
  );
  const reader = newReader(proxy);
  reader.start();
  await reader.waitForSync();
  await sameAsServer(reader);
  expect(requestsFor(proxy, 'list').map(({ request }) => request.query.get('limit'))).toEqual([
    '500',
    '500',
    null,
  ]);
});

test('a reader that is stopped in the middle of a list opens no watch', async () => {
  const listing = Promise.withResolvers<undefined>();
  const proxy = await newProxy(({ verb }) => {
    if (verb !== 'list') return undefined;
    listing.resolve(undefined);
    return { delayMs: 500 };
  });
  const reader = newReader(proxy);
  reader.start();
  await listing.promise;
  await reader.stop();
  await expect(reader.waitForSync()).rejects.toThrow('the reader of configmaps was stopped');
  await sleep(1500);
  expect(proxy.requests).toHaveLength(1);
});

test('a watch that the server ends in good order is followed by the next at once, from where it ended', async () => {
  const proxy = await newProxy(({ verb, path, query }) => {
    if (verb !== 'watch') return undefined;
    query.set('timeoutSeconds', '1');
    return { forwardAs: `${path}?${query.toString()}` };
  });
  const reader = newReader(proxy);
  const changes = record(reader);
  reader.start();
  await reader.waitForSync();
  const made: string[] = [];
  while (made.length < 60 || requestsFor(proxy, 'watch').length < 4) {
    made.push((await create(`steady-${made.length}`)).metadata.name);
    await sleep(50);
  }
  await vi.waitFor(() => {
    expect(told(changes)).toEqual(made.map((name) => `added ${name}`));
  }, 20_000);
  expect(requestsFor(proxy, 'list')).toHaveLength(1);
  // Each lasts as long as the server lets it, however long the writes take.
  for (const lasted of gaps(requestsFor(proxy, 'watch'))) expect(lasted).toBeGreaterThan(950);
});

test('a bookmark moves the watch on where nothing happens, so that the next one does not begin in the past', async () => {
  // The API server sends a bookmark 2 s before it ends a watch (storage/cacher, nextBookmarkTime).
  const proxy = await newProxy(({ verb, path, query }) => {
    if (verb !== 'watch') return undefined;
    query.set('timeoutSeconds', '4');
    return { forwardAs: `${path}?${query.toString()}` };
  });
  const reader = newReader(proxy);
  const changes = record(reader);
  reader.start();
  await reader.waitForSync();
  await watchIsOpen(proxy);
  // What the reader is not told of, but the resource version is.
  const elsewhere = await createTestNamespace(admin);
  cleanUp.push(() => admin.remove(namespaces, { name: elsewhere }));
  const unrelated = await admin.create(configMaps, aConfigMap(elsewhere, 'unrelated'));
  const begins = () =>
    requestsFor(proxy, 'watch').map(({ request }) => BigInt(request.query.get('resourceVersion') ?? '0'));
  expect(begins()[0]).toBeLessThan(BigInt(unrelated.metadata.resourceVersion));
  // The second one, unless a busy machine took longer to write that than the first had left.
  await vi.waitFor(() => {
    expect(begins().at(-1)).toBeGreaterThanOrEqual(BigInt(unrelated.metadata.resourceVersion));
  }, 60_000);
  expect(changes).toEqual([]);
  await create('afterwards');
  await vi.waitFor(() => {
    expect(told(changes)).toEqual(['added afterwards']);
  }, 20_000);
  expect(requestsFor(proxy, 'list')).toHaveLength(1);
});

test.each([
  [
    'as the answer to the watch',
    { answer: { status: 410, body: { kind: 'Status', reason: 'Expired', code: 410 } } },
  ],
  ['as an event in the stream', { rewriteLine: () => [errorEvent(410, 'Expired')] }],
] satisfies [string, Verdict][])(
  '410 Gone %s leads to a list that tells what the gap held',
  async (_, gone) => {
    for (const name of ['stays', 'changes', 'goes', 'returns']) await create(name);
    const proxy = await newProxy();
    const reader = newReader(proxy);
    const changes = record(reader);
    reader.start();
    await reader.waitForSync();
    await watchIsOpen(proxy);
    const old = reader.get(`${namespace}/returns`);
    changes.length = 0;

    // From here on the reader sees nothing, until the list.
    let told410 = false;
    proxy.setOnRequest(({ verb }) => {
      if (verb !== 'watch' || told410) return undefined;
      told410 = true;
      return gone;
    });
    proxy.freeze();
    await update('changes', { step: '2' });
    await remove('goes');
    await remove('returns');
    await create('returns');
    await create('comes');
    proxy.breakAll('reset');
    proxy.thaw();

    await sameAsServer(reader);
    expect(told410).toBe(true);
    expect(told(changes).sort()).toEqual(
      ['updated changes', 'deleted goes', 'deleted returns', 'added returns', 'added comes'].sort(),
    );
    expect(changes.filter(({ type }) => type === 'deleted')).toMatchObject([
      { finalStateUnknown: true },
      { finalStateUnknown: true },
    ]);
    const [deleted, added] = changes.filter(({ object }) => object.metadata.name === 'returns');
    expect(deleted).toMatchObject({ type: 'deleted', object: { metadata: { uid: old?.metadata.uid } } });
    expect(added?.type).toBe('added');
    expect(added?.object.metadata.uid).not.toBe(old?.metadata.uid);
    expect(requestsFor(proxy, 'list')).toHaveLength(2);
  },
);

test('the list on the timer finds what the watch withheld, tells it, and counts it', async () => {
  for (const name of ['changes', 'goes', 'stays']) await create(name);
  const registry = new Registry();
  const withheld = new Set(['ADDED comes', 'MODIFIED changes', 'DELETED goes']);
  const rewriteLine = (line: string) => {
    const { type, object } = JSON.parse(line) as { type: string; object: ConfigMap };
    return withheld.delete(`${type} ${object.metadata.name ?? ''}`) ? [] : [line];
  };
  const written = Promise.withResolvers<undefined>();
  let lists = 0;
  const proxy = await newProxy(async ({ verb }) => {
    if (verb === 'watch') return { rewriteLine };
    lists += 1;
    // The timer's list has everything, whenever its time comes.
    if (lists > 1) await written.promise;
    return undefined;
  });
  const reader = newReader(proxy, {
    relistIntervalMs: 2000,
    watchLagMs: 500,
    metrics: createKubeMetrics(registry).reader,
  });
  const changes = record(reader);
  reader.start();
  await reader.waitForSync();
  changes.length = 0;
  await update('changes', { step: '2' });
  await remove('goes');
  await create('comes');
  await update('stays', { step: '2' });
  await vi.waitFor(() => {
    expect(told(changes)).toEqual(['updated stays']);
  }, 20_000);
  written.resolve(undefined);

  await vi.waitFor(() => {
    expect(told(changes)).toEqual(['updated stays', 'updated changes', 'added comes', 'deleted goes']);
  }, 60_000);
  expect(withheld.size).toBe(0);
  await sameAsServer(reader);
  const missed = await registry.getSingleMetric('taskgrant_reader_missed_events_total')?.get();
  expect(missed?.values).toEqual([{ labels: { resource: 'configmaps' }, value: 3 }]);
});

test('a watch that tells everything is never found wanting, however busy, and goes on', async () => {
  const registry = new Registry();
  const proxy = await newProxy();
  const reader = newReader(proxy, {
    relistIntervalMs: 200,
    watchLagMs: 10_000,
    metrics: createKubeMetrics(registry).reader,
  });
  reader.start();
  await reader.waitForSync();
  const random = seededRandom(7);
  const lists = () => requestsFor(proxy, 'list').length;
  // The first is the reader's own; then come those on the timer.
  for (let index = 0; index < 1500 || lists() < 4; index++) {
    const name = `busy-${Math.floor(random() * 40)}`;
    const change = random();
    const known = reader.get(`${namespace}/${name}`);
    await (!known ? create(name) : change < 0.3 ? remove(name) : update(name, { index: `${index}` })).catch(
      () => undefined,
    );
  }
  await sameAsServer(reader);
  const missed = await registry.getSingleMetric('taskgrant_reader_missed_events_total')?.get();
  expect(missed?.values).toEqual([{ labels: { resource: 'configmaps' }, value: 0 }]);
  expect(requestsFor(proxy, 'watch')).toHaveLength(1);
});

test('a watch that falls silent is made anew, and the clock tells how long the silence lasted', async () => {
  const proxy = await newProxy();
  const reader = newReader(proxy, { silenceLimitMs: 1500 });
  const changes = record(reader);
  reader.start();
  await reader.waitForSync();
  await create('heard');
  await vi.waitFor(() => {
    expect(told(changes)).toEqual(['added heard']);
  }, 20_000);
  const watchedAgain = (times: number) => {
    const before = requestsFor(proxy, 'watch').length;
    return vi.waitFor(() => {
      expect(requestsFor(proxy, 'watch').length).toBeGreaterThanOrEqual(before + times);
    }, 60_000);
  };
  proxy.freeze();
  await create('unheard');
  // What was on its way is heard yet; a watch that was given up for its silence heard nothing any more.
  await watchedAgain(1);
  const lastContact = reader.lastContactAt();
  await watchedAgain(2);
  expect(reader.lastContactAt()).toBe(lastContact);
  proxy.thaw();
  await vi.waitFor(
    () => {
      expect(told(changes)).toEqual(['added heard', 'added unheard']);
    },
    { timeout: 20_000 },
  );
});

test('whatever the server does to the watch, nothing spins', async () => {
  const garbage = '{"type":"ADDED","object":{"metadata":';
  const faults: Record<string, Verdict> = {
    'refuses with 500': { answer: { status: 500, body: 'etcdserver: no leader' } },
    'refuses with 429': { answer: { status: 429, headers: { 'retry-after': '1' } } },
    'refuses with 403': {
      answer: { status: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403 } },
    },
    'answers 410 every time': {
      answer: { status: 410, body: { kind: 'Status', reason: 'Gone', code: 410 } },
    },
    'resets the connection': { drop: 'reset' },
    'closes the connection': { drop: 'close' },
    'ends every watch at once': { answer: { status: 200, body: '' } },
    'sends half a line': { answer: { status: 200, body: garbage } },
    'sends a line that is no JSON': { answer: { status: 200, body: `${garbage}\n` } },
    'sends an event of unknown type': {
      answer: { status: 200, body: '{"type":"RENAMED","object":{"metadata":{"resourceVersion":"1"}}}\n' },
    },
    'sends ERROR 500': { answer: { status: 200, body: `${errorEvent(500, 'InternalError')}\n` } },
    'sends ERROR 410 every time': { answer: { status: 200, body: `${errorEvent(410, 'Expired')}\n` } },
  };
  const counts = await Promise.all(
    Object.entries(faults).map(async ([name, fault]) => {
      const proxy = await newProxy(({ verb }) => (verb === 'watch' ? fault : undefined));
      // Without jitter the backoff is at its shortest.
      const reader = newReader(proxy, { random: () => 0 });
      reader.start();
      await reader.waitForSync();
      await vi.waitFor(() => {
        expect(requestsFor(proxy, 'watch').length, name).toBeGreaterThanOrEqual(4);
      }, 60_000);
      const watches = requestsFor(proxy, 'watch');
      const lists = requestsFor(proxy, 'list').length;
      proxy.setOnRequest();
      return { name, watches, lists, reader };
    }),
  );
  for (const { name, watches, lists } of counts) {
    // At 0, 0.8, 2.4 and 5.6 s; where a busy machine takes a second for one of them, that one counts as no failure, and the next begins
    // at once, with the shortest pause after it. A list may come before each.
    const lasted = gaps(watches.slice(0, 4)).reduce((sum, gap) => sum + gap, 0);
    expect(lasted, `watches: ${name}`).toBeGreaterThan(2300);
    expect(lists, `lists: ${name}`).toBeLessThanOrEqual(watches.length + 1);
  }
  await create('afterwards');
  for (const { reader } of counts) await sameAsServer(reader);
});

/** One fault at random for a request, or none. */
const storm =
  (random: () => number): NonNullable<FaultProxyOptions['onRequest']> =>
  ({ verb }) => {
    const bytes = Math.floor(random() * 30_000);
    const how = random() < 0.5 ? 'reset' : 'close';
    const anywhere: Verdict[] = [
      { answer: { status: 429, headers: { 'retry-after': '1' } } },
      { answer: { status: 500, body: 'storm' } },
      { answer: { status: 410, body: { kind: 'Status', code: 410, reason: 'Expired' } } },
      { drop: how },
      { dropAnswer: how },
      { cutAfterBytes: bytes, cut: how },
      { delayMs: random() * 300 },
    ];
    const lines = Math.floor(random() * 40);
    const onLine = (fault: (line: string) => string[]): Verdict => {
      let seen = 0;
      return { rewriteLine: (line) => (seen++ < lines ? [line] : fault(line)) };
    };
    const inWatches: Verdict[] = [
      { cutAfterBytes: bytes, cut: how },
      onLine(() => [errorEvent(410, 'Expired')]),
      onLine(() => [errorEvent(500, 'InternalError')]),
      onLine((line) => [line.slice(0, line.length / 2)]),
      onLine((line) => [line.replace('"type":"', '"type":"UN')]),
      { rewriteLine: (line) => [line, line], cutAfterBytes: bytes, cut: how },
    ];
    const likely = random();
    const faults = verb === 'watch' && likely < 0.8 ? inWatches : likely < 0.5 ? [] : anywhere;
    return faults[Math.floor(random() * faults.length)];
  };

/** What the writer did to one object, in the server's own words: the versions that it was in, and whether it ended. */
interface Life {
  name: string;
  versions: string[];
  ended: boolean;
}

test('under a storm of faults no event is lost, and none is told twice or out of order', async () => {
  const SEED = Number(process.env['SEED'] ?? '1');
  const random = seededRandom(SEED);
  const lives = new Map<string, Life>();
  const wrote = ({ metadata: { uid, name, resourceVersion } }: Stored<ConfigMap>) => {
    const life = lives.get(uid) ?? { name, versions: [], ended: false };
    life.versions.push(resourceVersion);
    lives.set(uid, life);
  };
  for (const object of await createMany(600)) wrote(object);

  const readers = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(async (number) => {
      const proxy = await newProxy(storm(seededRandom(SEED * 10 + number)));
      // Without jitter the backoff is at its shortest, and the storm at its worst.
      const reader = newReader(proxy, { random: () => 0 });
      const changes = record(reader);
      reader.start();
      return { proxy, reader, changes };
    }),
  );
  const requests = () => readers.reduce((sum, { proxy }) => sum + proxy.requests.length, 0);
  const startedAt = monotonicNow();
  const living = new Map<string, string>();
  for (let index = 0; index < 600 || requests() < 72; index++) {
    const name = `storm-${Math.floor(random() * 60)}`;
    const uid = living.get(name);
    if (uid === undefined) {
      const created = await create(name);
      wrote(created);
      living.set(name, created.metadata.uid);
    } else if (random() < 0.3) {
      await remove(name);
      living.delete(name);
      const life = lives.get(uid);
      if (life) life.ended = true;
    } else wrote(await update(name, { index: `${index}` }));
    await sleep(random() * 20);
  }
  const stormedMs = monotonicNow() - startedAt;
  for (const { proxy } of readers) proxy.setOnRequest();
  for (const { proxy, reader, changes } of readers) {
    // A watch that told something may be followed at once, every other attempt waits 0.8 s or more.
    expect(proxy.requests.length).toBeLessThan(2 * (stormedMs / 800) + changes.length);
    await sameAsServer(reader);
    expectToldAsLived(changes, lives);
  }
});

/** Each object's changes, as they were told, are a part of its life, in order; and nothing that lives went untold. */
const expectToldAsLived = (changes: Change<ConfigMap>[], lives: ReadonlyMap<string, Life>) => {
  const toldOf = Map.groupBy(changes, ({ object }) => object.metadata.uid);
  for (const [uid, ofOne] of toldOf) {
    const life = lives.get(uid);
    expect(life, `told of ${uid}, which nobody made`).toBeDefined();
    expect(ofOne[0]?.type).toBe('added');
    const states = ofOne.filter(({ type }) => type !== 'deleted').map((change) => change.object);
    const positions = states.map(({ metadata }) => life?.versions.indexOf(metadata.resourceVersion) ?? -1);
    expect(positions).not.toContain(-1);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(ofOne.slice(1).map(({ type }) => type)).toEqual([
      ...states.slice(1).map(() => 'updated'),
      ...(life?.ended ? ['deleted'] : []),
    ]);
    for (const [index, change] of ofOne.entries())
      if (change.type === 'updated') expect(change.old).toBe(ofOne[index - 1]?.object);
    if (!life?.ended) expect(positions.at(-1)).toBe((life?.versions.length ?? 0) - 1);
  }
  for (const [uid, { name, ended }] of lives)
    if (!ended) expect(toldOf.has(uid), `${name} was told`).toBe(true);
  // Of one name no two objects lived at once.
  for (const ofOne of Map.groupBy(changes, ({ object }) => object.metadata.name).values()) {
    const ends = ofOne.filter(({ type }) => type !== 'updated').map(({ type }) => type);
    expect(ends).toEqual(ends.map((_, index) => (index % 2 === 0 ? 'added' : 'deleted')));
  }
};
