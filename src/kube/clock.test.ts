import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sleep, startTimer } from './clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const DAY_MS = 86_400_000;

test('a timer of 60 days fires after 60 days, although setTimeout cannot wait for 25', () => {
  const callback = vi.fn();
  startTimer(60 * DAY_MS, callback);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
});

test('a timer that was called off does not fire, however far it had come', () => {
  const callback = vi.fn();
  const cancel = startTimer(60 * DAY_MS, callback);
  vi.advanceTimersByTime(30 * DAY_MS);
  cancel();
  vi.advanceTimersByTime(60 * DAY_MS);
  expect(callback).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test('a sleeper wakes in time, and leaves nothing on the signal', async () => {
  const { signal } = new AbortController();
  const remove = vi.spyOn(signal, 'removeEventListener');
  const slept = sleep(1000, signal);
  await vi.advanceTimersByTimeAsync(1000);
  await expect(slept).resolves.toBeUndefined();
  expect(remove).toHaveBeenCalledOnce();
});

test('a sleeper whose signal is aborted wakes at once, with the reason', async () => {
  const controller = new AbortController();
  const slept = sleep(1000, controller.signal);
  controller.abort(new Error('get up'));
  await expect(slept).rejects.toThrow('get up');
  expect(vi.getTimerCount()).toBe(0);
  await expect(sleep(1000, controller.signal)).rejects.toThrow('get up');
});
