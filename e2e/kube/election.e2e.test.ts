import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { monotonicNow, sleep } from '../../src/kube/clock.ts';
import { createElection } from '../../src/kube/election.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { leases, namespaces } from '../../src/kube/resources.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { clusterKubeConfig, createTestNamespace, testClient } from './testbed.ts';

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

/**
 * Three fifths of the controller's times, with the same rules between them. With much shorter ones a machine that is busy loses leases by
 * itself.
 */
const TIMES = { leaseDurationMs: 9000, renewDeadlineMs: 6000, retryPeriodMs: 600 };
const PATIENCE = { timeout: 60_000, interval: 20 };

const lease = () => admin.get(leases, { namespace, name: 'leader' });
const holder = async () => (await lease()).spec?.holderIdentity;

/** One process that competes, with a network connection of its own. */
const newCandidate = async (identity: string) => {
  const proxy = await startFaultProxy({ kubeConfig });
  const client = testClient(proxy.kubeConfig);
  const election = createElection({
    client,
    namespace,
    name: 'leader',
    identity,
    logger: silentLogger,
    ...TIMES,
  });
  const stop = new AbortController();
  /** From when to when it led, by one clock for all. */
  const terms: { from: number; to?: number }[] = [];
  let working = Promise.resolve();
  const lead = (signal: AbortSignal) => {
    const term: { from: number; to?: number } = { from: monotonicNow() };
    terms.push(term);
    return new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        term.to = monotonicNow();
        void working.then(resolve);
      });
    });
  };
  const ended = election.run(lead, stop.signal);
  cleanUp.push(async () => {
    stop.abort();
    proxy.thaw();
    await ended;
    await client.close();
    await proxy.stop();
  });
  return {
    identity,
    proxy,
    election,
    terms,
    ended,
    stop: () => {
      stop.abort();
    },
    /** Has the work go on after it was told to stop, until this resolves. */
    busyUntil: (work: Promise<void>) => {
      working = work;
    },
  };
};

type Candidate = Awaited<ReturnType<typeof newCandidate>>;

const leads = (candidate: Candidate) =>
  vi.waitFor(() => {
    expect(candidate.election.isLeader(), `${candidate.identity} leads`).toBe(true);
  }, PATIENCE);

test('of two candidates one leads, the lease says which, and both know it', async () => {
  const candidates = await Promise.all(['a', 'b'].map(newCandidate));
  await vi.waitFor(() => {
    expect(candidates.filter(({ election }) => election.isLeader())).toHaveLength(1);
  }, PATIENCE);
  const leader = candidates.find(({ election }) => election.isLeader());
  expect(await holder()).toBe(leader?.identity);
  expect((await lease()).spec).toMatchObject({ leaseDurationSeconds: 9, leaseTransitions: 0 });
  await vi.waitFor(() => {
    expect(candidates.map(({ election }) => election.leader())).toEqual(Array(2).fill(leader?.identity));
  }, PATIENCE);
});

test('a leader that is cut off stops leading before another begins, and its process is told to end', async () => {
  const first = await newCandidate('first');
  await leads(first);
  const second = await newCandidate('second');
  // A watcher who asks both all the time: at no moment do both say yes.
  let both = 0;
  const watcher = setInterval(() => {
    if (first.election.isLeader() && second.election.isLeader()) both += 1;
  }, 5);
  cleanUp.push(() => {
    clearInterval(watcher);
    return Promise.resolve();
  });
  await vi.waitFor(() => {
    expect(second.election.leader()).toBe('first');
  }, PATIENCE);

  first.proxy.freeze();
  expect(await first.ended).toBe('lost');
  expect(second.election.isLeader()).toBe(false);
  const renewed = (await lease()).spec;
  expect(renewed?.holderIdentity).toBe('first');
  await leads(second);
  const [took] = second.terms;
  expect(took?.from).toBeGreaterThan(first.terms[0]?.to ?? Infinity);
  // Both have written theirs by the same clock: that of this process.
  const acquired = (await lease()).spec;
  expect(
    Date.parse(acquired?.acquireTime ?? '') - Date.parse(renewed?.renewTime ?? ''),
  ).toBeGreaterThanOrEqual(TIMES.leaseDurationMs);

  // What the first had sent, and what was held on its way, arrives late and changes nothing.
  first.proxy.thaw();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await holder()).toBe('second');
  expect(second.election.isLeader()).toBe(true);
  expect((await lease()).spec?.leaseTransitions).toBe(1);
  expect(both).toBe(0);
});

test('a leader keeps its lease over several deadlines, by renewing it in time', async () => {
  const first = await newCandidate('first');
  await leads(first);
  const acquired = await lease();
  await sleep(2.5 * TIMES.renewDeadlineMs);
  expect(first.election.isLeader()).toBe(true);
  expect(first.terms).toHaveLength(1);
  const { spec } = await lease();
  expect(spec).toMatchObject({
    acquireTime: acquired.spec?.acquireTime,
    leaseTransitions: acquired.spec?.leaseTransitions,
  });
  const heldMs = Date.parse(spec?.renewTime ?? '') - Date.parse(acquired.spec?.renewTime ?? '');
  expect(heldMs).toBeGreaterThan(1.4 * TIMES.renewDeadlineMs);
});

test('a process that was paused, and wakes when another leads, never takes itself for the leader again', async () => {
  const proxy = await startFaultProxy({ kubeConfig });
  const directory = await mkdtemp(join(tmpdir(), 'taskgrant-candidate-'));
  cleanUp.push(async () => {
    await proxy.stop();
    await rm(directory, { recursive: true });
  });
  const file = join(directory, 'kubeconfig');
  await writeFile(file, proxy.kubeconfig());
  const program = fileURLToPath(new URL('candidate.ts', import.meta.url));
  const paused = spawn(process.execPath, [
    program,
    file,
    namespace,
    'leader',
    'paused',
    JSON.stringify(TIMES),
  ]);
  cleanUp.push(() => {
    paused.kill('SIGKILL');
    return Promise.resolve();
  });
  const said: string[] = [];
  createInterface(paused.stdout).on('line', (line) => said.push(line));
  await vi.waitFor(() => {
    expect(said.at(-1)).toBe('leads');
  }, PATIENCE);

  paused.kill('SIGSTOP');
  const next = await newCandidate('next');
  await leads(next);
  const ended = once(paused, 'close');
  said.length = 0;
  paused.kill('SIGCONT');
  await ended;
  expect(said.at(-1)).toBe('lost');
  expect(said).not.toContain('leads');
  expect(next.election.isLeader()).toBe(true);
  expect(await holder()).toBe('next');
});

test('a leader that is stopped finishes its work under the lease, releases it, and the next need not wait', async () => {
  const first = await newCandidate('first');
  await leads(first);
  const second = await newCandidate('second');
  const work = Promise.withResolvers<undefined>();
  first.busyUntil(work.promise.then(() => undefined));
  first.stop();
  // Longer than the lease lasts: it is renewed while the work goes on.
  await new Promise((resolve) => setTimeout(resolve, TIMES.leaseDurationMs + 1000));
  expect(first.election.isLeader()).toBe(true);
  expect(await holder()).toBe('first');
  work.resolve(undefined);
  expect(await first.ended).toBe('stopped');
  const releasedAt = monotonicNow();
  await leads(second);
  expect((second.terms[0]?.from ?? Infinity) - releasedAt).toBeLessThan(TIMES.leaseDurationMs);
  expect(first.election.isLeader()).toBe(false);
});

test('a leader whose lease was taken by another stops as soon as it sees it', async () => {
  const first = await newCandidate('first');
  await leads(first);
  await admin.patch(
    leases,
    { namespace, name: 'leader' },
    { type: 'merge', body: { spec: { holderIdentity: 'usurper', leaseDurationSeconds: 60 } } },
  );
  expect(await first.ended).toBe('lost');
  expect(await holder()).toBe('usurper');
});

test("somebody else's label on the lease costs nobody the leadership, and keeps no dead leader alive", async () => {
  const first = await newCandidate('first');
  await leads(first);
  const label = () =>
    admin.patch(
      leases,
      { namespace, name: 'leader' },
      { type: 'merge', body: { metadata: { labels: { touched: randomBytes(4).toString('hex') } } } },
    );
  const second = await newCandidate('second');
  for (let index = 0; index < 5; index++) {
    await label();
    await new Promise((resolve) => setTimeout(resolve, TIMES.retryPeriodMs));
  }
  expect(first.election.isLeader()).toBe(true);
  first.proxy.freeze();
  const touching = setInterval(() => void label().catch(() => undefined), 200);
  cleanUp.push(() => {
    clearInterval(touching);
    return Promise.resolve();
  });
  expect(await first.ended).toBe('lost');
  await leads(second);
});

test('a lease that was deleted is made again by who leads', async () => {
  const first = await newCandidate('first');
  await leads(first);
  await admin.remove(leases, { namespace, name: 'leader' });
  await vi.waitFor(async () => {
    expect(await holder()).toBe('first');
  }, PATIENCE);
  expect(first.terms).toHaveLength(1);
  expect(first.election.isLeader()).toBe(true);
});

test('refusals and broken connections for less than the deadline are lived through', async () => {
  const first = await newCandidate('first');
  await leads(first);
  let faults = 0;
  first.proxy.setOnRequest(() => {
    faults += 1;
    if (faults > 3) return undefined;
    return faults === 2 ? { answer: { status: 500, body: 'no' } } : { drop: 'reset' };
  });
  await vi.waitFor(() => {
    expect(faults).toBeGreaterThan(4);
  }, PATIENCE);
  expect(first.election.isLeader()).toBe(true);
  expect(first.terms).toHaveLength(1);
});

test('a candidate that is stopped never leads', async () => {
  const first = await newCandidate('first');
  await leads(first);
  const second = await newCandidate('second');
  second.stop();
  expect(await second.ended).toBe('stopped');
  expect(second.terms).toEqual([]);
  expect(first.election.isLeader()).toBe(true);
});

test('what the leader throws is thrown on, after the lease was released', async () => {
  const election = createElection({
    client: admin,
    namespace,
    name: 'leader',
    identity: 'unlucky',
    logger: silentLogger,
    ...TIMES,
  });
  const run = election.run(() => Promise.reject(new Error('bad luck')), new AbortController().signal);
  await expect(run).rejects.toThrow('bad luck');
  expect(await holder()).toBe('');
});

test('times that could make two leaders are refused', () => {
  const options = { client: admin, namespace, name: 'leader', identity: 'a', logger: silentLogger };
  expect(() => createElection({ ...options, leaseDurationMs: 10_000 })).toThrow(RangeError);
  expect(() => createElection({ ...options, retryPeriodMs: 9000 })).toThrow(RangeError);
});
