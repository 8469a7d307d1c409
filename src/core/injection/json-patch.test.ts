import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonPatch, type PatchOperation } from './json-patch.ts';

test('what did not change is not touched', () => {
  expect(jsonPatch({ a: [{ b: 1 }], c: 'x' }, { a: [{ b: 1 }], c: 'x' })).toEqual([]);
});

test('what both have in common is not gone through', () => {
  const inside = () => {
    throw new Error('somebody looked into it');
  };
  const common = Object.defineProperty({}, 'inside', { enumerable: true, get: inside });
  expect(jsonPatch({ a: [common], b: common }, { a: [common, 1], b: common })).toEqual([
    { op: 'add', path: '/a/-', value: 1 },
  ]);
});

test('lists are appended to, and their entries are entered', () => {
  expect(jsonPatch({ a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }, { d: 3 }] })).toEqual([
    { op: 'add', path: '/a/0/c', value: 2 },
    { op: 'add', path: '/a/-', value: { d: 3 } },
  ]);
});

test('a list that lost entries is replaced, and an object’s lost key removed', () => {
  expect(jsonPatch({ a: [1, 2], b: 1 }, { a: [2] })).toEqual([
    { op: 'remove', path: '/b' },
    { op: 'replace', path: '/a', value: [2] },
  ]);
});

test('keys with slashes and tildes are escaped', () => {
  expect(jsonPatch({ labels: {} }, { labels: { 'a/b~c': 'x' } })).toEqual([
    { op: 'add', path: '/labels/a~1b~0c', value: 'x' },
  ]);
});

test('keys that every object inherits are keys like others', () => {
  expect(jsonPatch({ toString: 'x' }, {})).toEqual([{ op: 'remove', path: '/toString' }]);
  expect(jsonPatch({}, { constructor: 'x' })).toEqual([{ op: 'add', path: '/constructor', value: 'x' }]);
});

test('a patch makes the one out of the other, whatever they are', () => {
  const object = fc.dictionary(fc.stringMatching(/^[ab~/]{1,3}$/), fc.jsonValue({ maxDepth: 4 }), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(JSON.stringify(sorted(applied(before, jsonPatch(before, after))))).toBe(
        JSON.stringify(sorted(after)),
      );
    }),
    { numRuns: 500 },
  );
});

type Json = Record<string, unknown> | unknown[];

/** RFC 6902 as it is written, for the three operations that are used. */
function applied(document: unknown, operations: readonly PatchOperation[]): unknown {
  return operations.reduce((result, operation) => {
    const copy = structuredClone(result) as Json;
    const keys = operation.path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop();
    if (last === undefined) return operation.op === 'remove' ? undefined : operation.value;
    let parent = copy as Record<string, unknown>;
    for (const key of keys) parent = parent[key] as Record<string, unknown>;
    if (Array.isArray(parent) && operation.op === 'add' && last === '-') parent.push(operation.value);
    else if (operation.op === 'remove') Reflect.deleteProperty(parent, last);
    else
      Object.defineProperty(parent, last, {
        value: operation.value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return copy;
  }, document);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}
