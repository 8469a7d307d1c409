import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from './logger.ts';
import { createKubeMetrics } from './metrics.ts';
import { TerminalError, createController } from './reconciler.ts';
import type { ControllerOptions, Reconciler } from './reconciler.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const started = (reconcile: Reconciler, options: Partial<ControllerOptions> = {}) => {
  const controller = createController({ name: 'test', reconcile, logger: silentLogger, ...options });
  controller.start();
  return controller;
};

const settled = () => vi.advanceTimersByTimeAsync(0);

test('what was added before the start is reconciled after it', async () => {
  const reconcile = vi.fn<Reconciler>(() => Promise.resolve(undefined));
  const controller = createController({ name: 'test', reconcile, logger: silentLogger });
  controller.queue.add('ns/a');
  await settled();
  expect(reconcile).not.toHaveBeenCalled();
  controller.start();
  await settled();
  expect(reconcile.mock.calls.map(([key]) => key)).toEqual(['ns/a']);
});

test('a failure is tried again with a growing delay, at the same priority, until it succeeds', async () => {
  let left = 3;
  const at: number[] = [];
  const { queue } = started(() => {
    at.push(performance.now());
    return left-- > 0 ? Promise.reject(new Error('not yet')) : Promise.resolve(undefined);
  });
  const add = vi.spyOn(queue, 'addRateLimited');
  queue.add('a', { priority: 10 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 5, 15, 35]);
  expect(add.mock.calls).toEqual(Array(3).fill(['a', { priority: 10 }]));
  expect(queue.retries('a')).toBe(0);
});

test('a terminal error is not tried again, until the key is added anew', async () => {
  const reconcile = vi.fn<Reconciler>(() => Promise.reject(new TerminalError('of no use')));
  const { queue } = started(reconcile);
  queue.add('a');
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(reconcile).toHaveBeenCalledOnce();
  queue.add('a');
  await settled();
  expect(reconcile).toHaveBeenCalledTimes(2);
});

test('a key is looked at again when its result says so, at the priority that it says', async () => {
  const reconcile = vi
    .fn<Reconciler>(() => Promise.resolve(undefined))
    .mockResolvedValueOnce({ requeueAfterMs: 60 * 86_400_000, priority: 10 });
  const { queue } = started(reconcile);
  const addAfter = vi.spyOn(queue, 'addAfter');
  queue.add('a');
  await settled();
  expect(addAfter.mock.calls).toEqual([['a', 60 * 86_400_000, { priority: 10 }]]);
  await vi.advanceTimersByTimeAsync(60 * 86_400_000);
  expect(reconcile).toHaveBeenCalledTimes(2);
});

test('as many keys as asked for are worked on at a time, and no key twice at once', async () => {
  const running = new Map<string, number>();
  let most = 0;
  const { queue } = started(
    async (key) => {
      expect(running.get(key) ?? 0).toBe(0);
      running.set(key, 1);
      most = Math.max(
        most,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
      running.set(key, 0);
      return undefined;
    },
    { concurrency: 3 },
  );
  for (let index = 0; index < 100; index++) {
    queue.add(`key-${index % 7}`);
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(most).toBe(3);
});

test('stopping lets running work finish within its time, and then aborts it', async () => {
  const aborted: string[] = [];
  const controller = started(
    (key, signal) =>
      new Promise((resolve) => {
        if (key === 'quick')
          setTimeout(() => {
            resolve(undefined);
          }, 500);
        else
          signal.addEventListener('abort', () => {
            aborted.push(key);
            resolve(undefined);
          });
      }),
    { concurrency: 2 },
  );
  for (const key of ['quick', 'slow', 'never begun']) controller.queue.add(key);
  await settled();
  const ended = vi.fn();
  const stopped = controller.stop({ drainMs: 1000 }).then(ended);
  await vi.advanceTimersByTimeAsync(999);
  expect(aborted).toEqual([]);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await stopped;
  expect(aborted).toEqual(['slow']);
});

test('what is aborted is neither a failure nor tried again', async () => {
  const registry = new Registry();
  const controller = started(
    (_, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('stopping'));
        });
      }),
    { metrics: createKubeMetrics(registry) },
  );
  controller.queue.add('a');
  await settled();
  const stopped = controller.stop();
  await vi.advanceTimersByTimeAsync(10);
  await stopped;
  const errors = await registry.getSingleMetric('controller_runtime_reconcile_errors_total')?.get();
  expect(errors?.values).toEqual([{ labels: { controller: 'test' }, value: 0 }]);
});

test("the metrics are controller-runtime's, and begin at zero", async () => {
  const registry = new Registry();
  const outcomes = new Map<string, () => ReturnType<Reconciler>>([
    ['good', () => Promise.resolve(undefined)],
    ['later', () => Promise.resolve({ requeueAfterMs: 1000 })],
    ['bad', () => Promise.reject(new TerminalError('of no use'))],
  ]);
  const { queue } = started((key) => outcomes.get(key)?.() ?? Promise.resolve(undefined), {
    metrics: createKubeMetrics(registry),
  });
  const results = async () => {
    const metric = await registry.getSingleMetric('controller_runtime_reconcile_total')?.get();
    return Object.fromEntries(
      metric?.values.map(({ labels, value }): [string, number] => [String(labels['result']), value]) ?? [],
    );
  };
  expect(await results()).toEqual({ success: 0, requeue_after: 0, error: 0 });
  for (const key of outcomes.keys()) queue.add(key);
  await settled();
  expect(await results()).toEqual({ success: 1, requeue_after: 1, error: 1 });
});
