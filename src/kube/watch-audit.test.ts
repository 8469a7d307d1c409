import { expect, test } from 'vitest';
import { createWatchAudit } from './watch-audit.ts';

const version = (name: string, resourceVersion: string, uid = name) => ({
  key: `ns/${name}`,
  uid,
  resourceVersion,
});

test('a list that equals what was known has nothing missed', () => {
  const audit = createWatchAudit([version('a', '1')]);
  audit.listed(version('a', '1'));
  expect(audit.missed()).toEqual([]);
});

test('what the list knows and the watch has not told is missed: new, changed and gone', () => {
  const audit = createWatchAudit([version('changed', '1'), version('gone', '1')]);
  audit.listed(version('changed', '2'));
  audit.listed(version('new', '3'));
  expect(audit.missed()).toEqual(['ns/changed', 'ns/new', 'ns/gone']);
});

test('what the watch tells later, before or after the list, is not missed', () => {
  const audit = createWatchAudit([version('changed', '1'), version('gone', '1')]);
  audit.told(version('new', '3'));
  audit.listed(version('changed', '2'));
  audit.listed(version('new', '3'));
  audit.told(version('changed', '2'));
  audit.toldGone('gone');
  expect(audit.missed()).toEqual([]);
});

test('a watch that is ahead of the list has missed nothing', () => {
  const audit = createWatchAudit([version('known', '1')]);
  audit.listed(version('known', '1'));
  audit.told(version('known', '5'));
  audit.told(version('later', '6'));
  expect(audit.missed()).toEqual([]);
});

test('an object that the list has and that ended meanwhile is not missed', () => {
  const audit = createWatchAudit([version('a', '1')]);
  audit.listed(version('a', '2'));
  audit.toldGone('a');
  expect(audit.missed()).toEqual([]);
});

test('a state that was skipped is missed, although a later one was told', () => {
  const audit = createWatchAudit([version('a', '1')]);
  audit.listed(version('a', '2'));
  audit.told(version('a', '3'));
  expect(audit.missed()).toEqual(['ns/a']);
});

test('a new object of the same name does not hide that the old one ended untold', () => {
  const audit = createWatchAudit([version('a', '1', 'old')]);
  audit.listed(version('a', '2', 'new'));
  audit.told(version('a', '2', 'new'));
  expect(audit.missed()).toEqual(['ns/a']);
  audit.toldGone('old');
  expect(audit.missed()).toEqual([]);
});
