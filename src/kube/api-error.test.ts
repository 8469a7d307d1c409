import { expect, test } from 'vitest';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
} from './api-error.ts';

const anError = (code: number, reason: string) =>
  new ApiError('create pods ns', code, { reason, message: 'why' });

test('the message says what was asked and what was answered', () => {
  expect(anError(409, 'Conflict').message).toBe('create pods ns: why (HTTP 409)');
});

test('a name that is taken is no conflict, although both are 409', () => {
  expect([isConflict(anError(409, 'AlreadyExists')), isAlreadyExists(anError(409, 'AlreadyExists'))]).toEqual(
    [false, true],
  );
  expect([isConflict(anError(409, 'Conflict')), isAlreadyExists(anError(409, 'Conflict'))]).toEqual([
    true,
    false,
  ]);
});

test('each kind of error is told by its code or its reason', () => {
  expect(isNotFound(anError(404, 'NotFound'))).toBe(true);
  expect(isForbidden(anError(403, 'Forbidden'))).toBe(true);
  expect(isInvalid(anError(422, 'Invalid'))).toBe(true);
  expect(isInvalid(anError(400, 'BadRequest'))).toBe(true);
  expect(isExpired(anError(410, 'Gone'))).toBe(true);
  expect(isExpired(anError(410, 'Expired'))).toBe(true);
  expect(isNotFound(new Error('not found'))).toBe(false);
});

test("the server's own wait is taken from the header, or else from the status", () => {
  const status = { details: { retryAfterSeconds: 3 } };
  expect(new ApiError('get pods', 429, status).retryAfterSeconds).toBe(3);
  expect(new ApiError('get pods', 429, status, 5).retryAfterSeconds).toBe(5);
});
