import type { Status } from '../api/kubernetes.ts';

/** The API server (or an admission webhook, through it) answered, and the answer was no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status, such as 409. */
  readonly code: number;
  /** metav1.Status's machine-readable reason, such as `Conflict`; empty where the answer was no Status. */
  readonly reason: string;
  /** metav1.Status's details: which object, and what is wrong with which field. */
  readonly details: Status['details'];
  /** What the server asked us to wait before the next attempt. */
  readonly retryAfterSeconds: number | undefined;

  /** @param request what was asked, in words: it stands before the server's message. */
  constructor(request: string, code: number, status: Status, retryAfterSeconds?: number) {
    super(`${request}: ${status.message ?? status.reason ?? 'no message'} (HTTP ${code})`);
    this.code = code;
    this.reason = status.reason ?? '';
    this.details = status.details;
    this.retryAfterSeconds = retryAfterSeconds ?? status.details?.retryAfterSeconds;
  }
}

export type NoAnswerReason = 'Timeout' | 'Connection' | 'BadAnswer' | 'TooLarge' | 'Credentials' | 'Closed';

/**
 * No answer came, or none that could be read. A write may have been carried out all the same, unless the reason is
 * `Credentials` (then nothing was sent). `Closed` is our own doing.
 */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly reason: NoAnswerReason;

  constructor(request: string, reason: NoAnswerReason, detail: string, options?: ErrorOptions) {
    super(`${request}: ${detail}`, options);
    this.reason = reason;
  }
}

const hasReason = (error: unknown, ...reasons: string[]) =>
  error instanceof ApiError && reasons.includes(error.reason);
const hasCode = (error: unknown, code: number) => error instanceof ApiError && error.code === code;

export const isNotFound = (error: unknown): error is ApiError => hasCode(error, 404);

/** The answer was larger than the caller wanted to read: ask for less of it. */
export const isTooLarge = (error: unknown): error is NoAnswerError =>
  error instanceof NoAnswerError && error.reason === 'TooLarge';

/** Somebody else was faster: read again and decide again. Not the 409 that says that the name is taken. */
export const isConflict = (error: unknown): error is ApiError =>
  hasCode(error, 409) && !hasReason(error, 'AlreadyExists');

export const isAlreadyExists = (error: unknown): error is ApiError => hasReason(error, 'AlreadyExists');

/** By authorization, by the escalation check, or by admission: the message says which. */
export const isForbidden = (error: unknown): error is ApiError => hasCode(error, 403);

/** The object fails its schema or its validation: trying again is of no use. */
export const isInvalid = (error: unknown): error is ApiError =>
  hasCode(error, 422) || hasReason(error, 'Invalid', 'BadRequest');

/** The resource version or the continue token is too old: list again (410, `Expired` or `Gone`). */
export const isExpired = (error: unknown): error is ApiError =>
  hasCode(error, 410) || hasReason(error, 'Expired', 'Gone');
