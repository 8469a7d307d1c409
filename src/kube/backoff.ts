import type { Random } from './clock.ts';

export interface BackoffPolicy {
  /** The first delay, in milliseconds. */
  initialMs: number;
  /** The longest delay before jitter, in milliseconds. */
  maxMs: number;
  /** What each delay is of the one before. */
  factor: number;
  /** 1 adds up to 100 % of the delay, at random, so that clients which failed together do not come back together. */
  jitter: number;
}

/** client-go's reflector: 0.8 s doubling to 30 s, with as much again as jitter (tools/cache/reflector.go). */
export const REFLECTOR_BACKOFF: BackoffPolicy = { initialMs: 800, maxMs: 30_000, factor: 2, jitter: 1 };

/** How long to wait after so many failures in a row (1 is the first), in milliseconds. */
export const backoffDelay = (policy: BackoffPolicy, failures: number, random: Random): number =>
  // The exponent is capped because 2 ** 1100 is Infinity, and Infinity * 0 jitter is NaN.
  Math.min(policy.maxMs, policy.initialMs * policy.factor ** Math.min(failures - 1, 64)) *
  (1 + policy.jitter * random());
