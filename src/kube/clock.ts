/**
 * Milliseconds on a clock that never jumps: for intervals, deadlines and leases. Not a time of day; two processes
 * cannot compare theirs.
 */
export const monotonicNow = (): number => performance.now();

/** A source of numbers in [0, 1), as `Math.random`. Jitter needs no better one. */
export type Random = () => number;

/** `setTimeout` fires at once, with a warning, when asked to wait longer than this (2^31 − 1 ms, 24.8 days). */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Calls back once after `ms` milliseconds, however many those are; the returned function calls it off. */
export const startTimer = (ms: number, callback: () => void): (() => void) => {
  const startedAt = monotonicNow();
  let timeout: NodeJS.Timeout;
  const arm = (left: number) => {
    timeout =
      left <= LONGEST_TIMEOUT_MS
        ? setTimeout(callback, Math.max(0, left))
        : setTimeout(() => {
            arm(ms - (monotonicNow() - startedAt));
          }, LONGEST_TIMEOUT_MS);
  };
  arm(ms);
  return () => {
    clearTimeout(timeout);
  };
};

/**
 * Waits `ms` milliseconds.
 * @throws the signal's reason, as soon as it is aborted.
 */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const aborted = () => {
      cancel();
      // The reason is the caller's own, thrown on as the platform's own functions do.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal?.reason);
    };
    const cancel = startTimer(ms, () => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
    signal?.addEventListener('abort', aborted, { once: true });
  });
