import { expect, test } from 'vitest';
import type { ConfigMap, Stored } from '../api/kubernetes.ts';
import { createStore, keyOf } from './store.ts';

const anObject = (
  name: string,
  resourceVersion: string,
  colours: string[] = [],
  uid = name,
): Stored<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'ns', name, uid, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
  data: Object.fromEntries(colours.map((colour) => [colour, ''])),
});

const aStore = () => createStore<ConfigMap, 'colour'>({ colour: ({ data }) => Object.keys(data ?? {}) });

test('keys are namespace/name, or the name alone', () => {
  expect(keyOf(anObject('a', '1'))).toBe('ns/a');
  expect(keyOf({ metadata: { name: 'node-1' } })).toBe('node-1');
});

test('putting an object tells whether it is new, changed or the same', () => {
  const store = aStore();
  const first = anObject('a', '1');
  const second = anObject('a', '2');
  expect(store.put(first)).toEqual({ type: 'added', object: first });
  expect(store.put(second)).toEqual({ type: 'updated', object: second, old: first });
  expect(store.put(anObject('a', '2'))).toBeUndefined();
  expect(store.get('ns/a')).toBe(second);
});

test('removing tells the last state, and whether it was seen', () => {
  const store = aStore();
  const known = anObject('a', '1');
  const final = anObject('a', '2');
  store.put(known);
  expect(store.remove('ns/a', final)).toEqual({ type: 'deleted', object: final, finalStateUnknown: false });
  expect(store.remove('ns/a')).toBeUndefined();
  store.put(known);
  expect(store.remove('ns/a')).toEqual({ type: 'deleted', object: known, finalStateUnknown: true });
});

test('an index follows its objects: several values each, changes, and ends', () => {
  const store = aStore();
  const names = (colour: string) => store.byIndex('colour', colour).map(({ metadata }) => metadata.name);
  store.put(anObject('a', '1', ['red', 'blue']));
  store.put(anObject('b', '2', ['red']));
  expect(names('red')).toEqual(['a', 'b']);
  store.put(anObject('a', '3', ['green']));
  expect([names('red'), names('blue'), names('green')]).toEqual([['b'], [], ['a']]);
  store.remove('ns/b');
  expect(names('red')).toEqual([]);
  expect(store.size()).toBe(1);
});
