import { expect, test } from 'vitest';
import { pageOf, serviceAccountUsername, statusOf, warningsIn } from './client.ts';
import { pods } from './resources.ts';

test.each([
  [undefined, []],
  ['299 - "deprecated"', ['deprecated']],
  [
    '299 - "say \\"please\\"", 299 - "and, with a comma, thanks"',
    ['say "please"', 'and, with a comma, thanks'],
  ],
  [
    ['299 - "one"', '299 - "two"'],
    ['one', 'two'],
  ],
  ['nonsense', []],
])('the warnings in %j are %j', (header, warnings) => {
  expect(warningsIn(header)).toEqual(warnings);
});

test('an answer that is a Status is taken as one, and anything else as its message', () => {
  expect(statusOf('{"kind":"Status","reason":"NotFound","message":"pods \\"a\\" not found"}')).toEqual({
    kind: 'Status',
    reason: 'NotFound',
    message: 'pods "a" not found',
  });
  expect(statusOf('Too many requests, please try again later.\n')).toEqual({
    message: 'Too many requests, please try again later.',
  });
  expect(statusOf('{"kind":"Pod"}')).toEqual({ message: '{"kind":"Pod"}' });
});

test('a service account is known by its full name', () => {
  expect(serviceAccountUsername('ns', 'a')).toBe('system:serviceaccount:ns:a');
});

test('a list without items is an empty one, however the API server spells it', () => {
  const metadata = { resourceVersion: '7' };
  expect(pageOf({ metadata, items: null }, pods)).toEqual({ metadata, items: [] });
  expect(pageOf({ metadata, items: [] }, pods)).toEqual({ metadata, items: [] });
});

test('an item of a list is as whole as one of a watch', () => {
  const metadata = { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '6' };
  expect(pageOf({ metadata: { resourceVersion: '7' }, items: [{ metadata }] }, pods).items).toEqual([
    { apiVersion: 'v1', kind: 'Pod', metadata },
  ]);
});
