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

/**
 * The longest that a server may put us off, in milliseconds. The API server itself asks for 32 s at most
 * (k8s.io/apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go, maxRetryAfter); a reader that believed a number
 * without end would be blind for as long.
 */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** As `backoffDelay`, but no sooner than the server asked for with Retry-After, within reason. */
export const delayAskedFor = (
  retryAfterSeconds: number | undefined,
  policy: BackoffPolicy,
  failures: number,
  random: Random,
): number =>
  Math.max(
    Math.min((retryAfterSeconds ?? 0) * 1000, LONGEST_RETRY_AFTER_MS),
    backoffDelay(policy, failures, random),
  );
