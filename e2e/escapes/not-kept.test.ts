import { expect, test } from 'vitest';
import { notKept } from './not-kept.ts';

test('what is kept may stand among other things', () => {
  const kept = { metadata: { name: 'a', uid: 'u' }, list: [{ name: 'x' }, { name: 'y', more: true }] };
  expect(notKept({ metadata: { name: 'a' }, list: [{ name: 'y' }] }, kept)).toEqual([]);
});

test('what was dropped is named by its path', () => {
  expect(
    notKept({ spec: { hostPID: true, list: [{ a: 1 }, { a: 2 }] } }, { spec: { list: [{ a: 1 }] } }),
  ).toEqual(['.spec.hostPID', '.spec.list[1]']);
});

test('null asks for nothing to be there', () => {
  expect(notKept({ label: null }, {})).toEqual([]);
  expect(notKept({ label: null }, { label: 'x' })).toEqual(['.label']);
});

test('a quantity may be kept as a text', () => {
  expect(notKept({ cpu: 1 }, { cpu: '1' })).toEqual([]);
});

test('nothing to be there is kept where its parent is not there either', () => {
  expect(notKept({ labels: { grant: null } }, {})).toEqual([]);
  expect(notKept({ labels: { grant: 'x' } }, {})).toEqual(['.labels.grant']);
});
