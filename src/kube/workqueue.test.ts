import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKubeMetrics } from './metrics.ts';
import { createWorkQueue } from './workqueue.ts';
import type { WorkQueue } from './workqueue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const aQueue = () => createWorkQueue({ name: 'test' });

/** The keys that can be taken now, in order; none of them done. */
const takeAll = async (queue: WorkQueue) => {
  const keys: string[] = [];
  while (queue.depth() > 0) keys.push((await queue.take())?.key ?? '');
  return keys;
};

test('a key that waits already is not added twice', async () => {
  const queue = aQueue();
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  expect(await takeAll(queue)).toEqual(['a', 'b']);
});

test('a key is with one worker at a time, and comes again when it was added meanwhile', async () => {
  const queue = aQueue();
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a');
  expect(queue.depth()).toBe(0);
  queue.done('a');
  expect(await takeAll(queue)).toEqual(['a']);
  queue.done('a');
  expect(queue.depth()).toBe(0);
});

test('a higher priority goes first, in order of arrival within each', async () => {
  const queue = aQueue();
  queue.add('a');
  queue.add('b', { priority: 10 });
  queue.add('c');
  queue.add('d', { priority: 10 });
  expect(await takeAll(queue)).toEqual(['b', 'd', 'a', 'c']);
});

test('a key that waits is moved up by a higher priority, and never down', async () => {
  const queue = aQueue();
  for (const key of ['a', 'b', 'c']) queue.add(key);
  queue.add('c', { priority: 10 });
  queue.add('c', { priority: 0 });
  expect(await queue.take()).toEqual({ key: 'c', priority: 10 });
  expect(await takeAll(queue)).toEqual(['a', 'b']);
});

test('the highest priority of what was added during the work is that of the next turn', async () => {
  const queue = aQueue();
  queue.add('a');
  await queue.take();
  queue.add('a', { priority: 10 });
  queue.add('a');
  queue.done('a');
  expect(await queue.take()).toEqual({ key: 'a', priority: 10 });
});

test('a worker that waits is handed the next key as it is added', async () => {
  const queue = aQueue();
  const taken = queue.take();
  queue.add('a');
  expect(await taken).toEqual({ key: 'a', priority: 0 });
  expect(queue.depth()).toBe(0);
});

test('a delayed key is added when its time has come, the earliest one', async () => {
  const queue = aQueue();
  queue.addAfter('a', 2000);
  queue.addAfter('a', 1000);
  queue.addAfter('a', 3000);
  vi.advanceTimersByTime(999);
  expect(queue.depth()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(await takeAll(queue)).toEqual(['a']);
  vi.advanceTimersByTime(10_000);
  queue.done('a');
  expect(queue.depth()).toBe(0);
});

test('a delay of none or less is none', () => {
  const queue = aQueue();
  queue.addAfter('a', 0);
  queue.addAfter('b', -5);
  expect(queue.depth()).toBe(2);
});

test('adding a key now does not call off what was planned for later', async () => {
  const queue = aQueue();
  queue.addAfter('a', 1000);
  queue.add('a');
  expect(await takeAll(queue)).toEqual(['a']);
  queue.done('a');
  vi.advanceTimersByTime(1000);
  expect(await takeAll(queue)).toEqual(['a']);
});

test("a key's own backoff doubles from 5 ms to 5 minutes, until it is forgotten", async () => {
  const queue = aQueue();
  const waits: number[] = [];
  const wait = async () => {
    const startedAt = performance.now();
    queue.addRateLimited('a');
    const taken = queue.take();
    vi.advanceTimersToNextTimer();
    await taken;
    queue.done('a');
    waits.push(performance.now() - startedAt);
  };
  for (let index = 0; index < 18; index++) await wait();
  expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
  expect(waits.slice(-2)).toEqual([30_000, 30_000]);
  expect(queue.retries('a')).toBe(18);
  queue.forget('a');
  expect(queue.retries('a')).toBe(0);
  await wait();
  expect(waits.at(-1)).toBe(5);
});

test('shutting down hands nothing more out, and waits for what is being worked on', async () => {
  const queue = aQueue();
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 1000);
  await queue.take();
  const ended = vi.fn();
  const down = queue.shutDown().then(ended);
  expect(await queue.take()).toBeUndefined();
  queue.add('d');
  queue.add('a');
  queue.addRateLimited('e');
  await vi.advanceTimersByTimeAsync(5000);
  expect(ended).not.toHaveBeenCalled();
  queue.done('a');
  await down;
  expect(queue.depth()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('shutting down sends waiting workers home', async () => {
  const queue = aQueue();
  const taken = [queue.take(), queue.take()];
  await queue.shutDown();
  expect(await Promise.all(taken)).toEqual([undefined, undefined]);
});

test("the metrics are client-go's, and tell depth, waiting, work and retries", async () => {
  const registry = new Registry();
  const queue = createWorkQueue({ name: 'grants', metrics: createKubeMetrics(registry).queue });
  const valueOf = async (name: string) => {
    const metric = await registry.getSingleMetric(name)?.get();
    return metric?.values.find((value) => !('metricName' in value) || value.metricName === `${name}_sum`)
      ?.value;
  };
  queue.add('a');
  queue.add('b');
  expect(await valueOf('workqueue_depth')).toBe(2);
  vi.advanceTimersByTime(3000);
  await queue.take();
  vi.advanceTimersByTime(2000);
  expect(await valueOf('workqueue_depth')).toBe(1);
  expect(await valueOf('workqueue_unfinished_work_seconds')).toBeCloseTo(2);
  expect(await valueOf('workqueue_longest_running_processor_seconds')).toBeCloseTo(2);
  queue.addRateLimited('a');
  queue.done('a');
  expect(await valueOf('workqueue_adds_total')).toBe(2);
  expect(await valueOf('workqueue_retries_total')).toBe(1);
  expect(await valueOf('workqueue_queue_duration_seconds')).toBeCloseTo(3);
  expect(await valueOf('workqueue_work_duration_seconds')).toBeCloseTo(2);
  await queue.shutDown();
  expect(await valueOf('workqueue_depth')).toBeUndefined();
});
