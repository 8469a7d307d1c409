import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError, isExpired } from './api-error.ts';
import { WatchFault, createLineSplitter, watchEventOf } from './watch-events.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('lines survive any way of being cut into pieces, in the middle of a character too', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).filter((line) => !line.includes('\n'))),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      (lines, sizes) => {
        const stream = bytes(lines.map((line) => `${line}\n`).join(''));
        const splitter = createLineSplitter();
        const found: string[] = [];
        let at = 0;
        for (const size of sizes) {
          if (at >= stream.length) break;
          found.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(found).toEqual(lines);
        expect(splitter.pending()).toBe(false);
      },
    ),
  );
});

test('what comes after the last newline is pending', () => {
  const splitter = createLineSplitter();
  expect(splitter.push(bytes('{"a":1}\n{"b"'))).toEqual(['{"a":1}']);
  expect(splitter.pending()).toBe(true);
  expect(splitter.push(bytes(':2}\n'))).toEqual(['{"b":2}']);
  expect(splitter.pending()).toBe(false);
});

const anEvent = (event: object) => JSON.stringify(event);
const metadata = { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '7' };

test('a change carries its object, a bookmark its resource version', () => {
  expect(watchEventOf(anEvent({ type: 'MODIFIED', object: { metadata } }), 'watch pods')).toEqual({
    type: 'MODIFIED',
    object: { metadata },
  });
  expect(
    watchEventOf(anEvent({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } }), 'watch pods'),
  ).toEqual({ type: 'BOOKMARK', resourceVersion: '9' });
});

test('an ERROR event is the error that it reports', () => {
  const line = anEvent({
    type: 'ERROR',
    object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
  });
  expect(() => watchEventOf(line, 'watch pods')).toThrow(ApiError);
  try {
    watchEventOf(line, 'watch pods');
  } catch (error) {
    expect(isExpired(error)).toBe(true);
    expect(error).toMatchObject({ message: 'watch pods: too old (HTTP 410)' });
  }
});

test.each([
  ['half a line', '{"type":"ADDED","object":{"meta'],
  ['no object', anEvent({ type: 'ADDED' })],
  ['an unknown type', anEvent({ type: 'RENAMED', object: { metadata } })],
  ['no type', anEvent({ object: { metadata } })],
  ['no resource version', anEvent({ type: 'ADDED', object: { metadata: { name: 'a', uid: 'u' } } })],
  ['no UID', anEvent({ type: 'ADDED', object: { metadata: { name: 'a', resourceVersion: '7' } } })],
  ['a list', '[]'],
])('a line with %s is a fault, never skipped', (_, line) => {
  expect(() => watchEventOf(line, 'watch pods')).toThrow(WatchFault);
});
