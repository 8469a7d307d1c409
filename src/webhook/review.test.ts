import { describe, expect, test } from 'vitest';
import {
  certificateRequestIn,
  failureOf,
  grantIn,
  MalformedReview,
  parseReview,
  podIn,
  reviewOf,
  tokenRequestIn,
} from './review.ts';
import { aRequest } from './testing.ts';

const uid = 'c1c4ae6f-0000-4000-8000-000000000000';

describe('a review', () => {
  const envelope = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };

  test('is taken as it is sent', () => {
    const request = aRequest({ object: { any: 'thing' }, oldObject: null, dryRun: true });
    expect(parseReview({ ...envelope, request })).toEqual(request);
  });

  test('has an empty list where Go says null', () => {
    const sent = { ...aRequest({}), userInfo: { username: 'jane', extra: { scopes: null } } };
    expect(parseReview({ ...envelope, request: sent }).userInfo.extra).toEqual({ scopes: [] });
  });

  test.each([
    ['nothing', undefined],
    ['a list', []],
    ['another kind', { ...envelope, kind: 'ConversionReview', request: aRequest({}) }],
    ['another version', { ...envelope, apiVersion: 'admission.k8s.io/v1beta1', request: aRequest({}) }],
    ['no request', envelope],
    ['a request without a uid', { ...envelope, request: aRequest({ uid: '' }) }],
    ['an unknown operation', { ...envelope, request: { ...aRequest({}), operation: 'GLANCE' } }],
    ['a user without a shape', { ...envelope, request: { ...aRequest({}), userInfo: 'jane' } }],
  ])('is not made of %s', (_, body) => {
    expect(() => parseReview(body)).toThrow(MalformedReview);
  });
});

/** zod’s own lists and maps would make an issue of some hundred bytes for each. */
test('a million things that are not what they have to be are told by one word on all of them', () => {
  const numbers = Array.from({ length: 1_000_000 }, () => 1);
  const byKey = Object.fromEntries(numbers.slice(0, 100_000).map((one, index) => [`key-${index}`, one]));
  const by = (userInfo: object) => () =>
    parseReview({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { ...aRequest({}), userInfo },
    });
  expect(by({ groups: numbers })).toThrow(/userInfo\.groups expected a list of strings$/);
  expect(by({ extra: byKey })).toThrow(/userInfo\.extra expected a map of lists of strings$/);
  expect(by({ extra: { scopes: numbers } })).toThrow(/userInfo\.extra expected a map of lists of strings$/);
  expect(() => podIn({ metadata: {}, spec: { containers: numbers } })).toThrow(
    /spec\.containers expected a list of objects$/,
  );
  expect(() => tokenRequestIn({ spec: { audiences: numbers } })).toThrow(
    /spec\.audiences expected a list of strings$/,
  );
  const names = { signerName: 'a/b', podName: 'a', podUID: 'b', serviceAccountName: 'c' };
  expect(() => certificateRequestIn({ spec: { ...names, unverifiedUserAnnotations: byKey } })).toThrow(
    /spec\.unverifiedUserAnnotations expected a map of strings$/,
  );
});

test('what Go leaves out or says null for is an empty list', () => {
  for (const spec of [{}, { audiences: null }]) expect(tokenRequestIn({ spec }).audiences).toEqual([]);
  for (const spec of [{}, { containers: null }])
    expect(podIn({ metadata: {}, spec }).spec?.containers).toEqual([]);
});

test('objects that are none are malformed', () => {
  for (const object of [
    undefined,
    null,
    'pod',
    {},
    { metadata: {} },
    { metadata: {}, spec: { containers: 'x' } },
  ]) {
    expect(() => podIn(object)).toThrow(MalformedReview);
  }
  for (const object of [undefined, {}, { metadata: {} }])
    expect(() => grantIn(object)).toThrow(MalformedReview);
});

test('an answer carries the uid of its request, and no patch where nothing changes', () => {
  expect(reviewOf(uid, { allowed: true, patch: [], warnings: [] })).toEqual({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, auditAnnotations: {} },
  });
});

test('a patch is JSON in base64', () => {
  const { response } = reviewOf(uid, { allowed: true, patch: [{ op: 'add', path: '/a', value: 1 }] });
  expect(response?.patchType).toBe('JSONPatch');
  expect(Buffer.from(response?.patch ?? '', 'base64').toString()).toBe(
    '[{"op":"add","path":"/a","value":1}]',
  );
});

test('warnings are no longer than clients show', () => {
  const { response } = reviewOf(uid, { allowed: true, warnings: ['short', 'x'.repeat(121)] });
  expect(response?.warnings).toEqual(['short', `${'x'.repeat(119)}…`]);
});

test('a denial is a Forbidden with everything in its message, and its codes in the audit log', () => {
  const violation = { code: 'SecretNotGranted', path: 'p', asked: 'a', allowed: 'b', fix: 'c' } as const;
  expect(
    reviewOf(uid, {
      allowed: false,
      headline: 'no',
      violations: [violation, { ...violation, path: 'o' }, { ...violation, code: 'ImageNotGranted' }],
      audit: { grant: 'g', decision: 'd' },
    }).response,
  ).toEqual({
    uid,
    allowed: false,
    status: {
      code: 403,
      reason: 'Forbidden',
      message: [
        'no (3 violations: ImageNotGranted, SecretNotGranted):',
        'SecretNotGranted o: asked a, the grant allows b; c',
        'ImageNotGranted p: asked a, the grant allows b; c',
        'SecretNotGranted p: asked a, the grant allows b; c',
      ].join('\n'),
    },
    auditAnnotations: { grant: 'g', decision: 'd', violations: 'ImageNotGranted,SecretNotGranted' },
  });
});

test('no answer is a no', () => {
  expect(failureOf(uid).response).toMatchObject({ uid, allowed: false, status: { code: 500 } });
});
