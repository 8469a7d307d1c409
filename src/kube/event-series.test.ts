import { expect, test } from 'vitest';
import { SERIES_WINDOW_MS, createOpenSeries } from './event-series.ts';
import type { EventInput } from './event-series.ts';

const anEvent = (changes: Partial<EventInput> = {}): EventInput => ({
  regarding: { kind: 'TaskGrant', namespace: 'ns', name: 'a', uid: 'u', resourceVersion: '1' },
  type: 'Normal',
  reason: 'Activated',
  action: 'Activate',
  note: 'is active',
  ...changes,
});

const at = (ms: number) => new Date(1_800_000_000_000 + ms);

test('repeats within six minutes of the last one are one series', () => {
  const open = createOpenSeries(10);
  const first = open.add(anEvent(), at(0));
  expect(open.add(anEvent(), at(SERIES_WINDOW_MS - 1))).toBe(first);
  expect(open.add(anEvent(), at(2 * SERIES_WINDOW_MS - 2))).toBe(first);
  expect(first).toMatchObject({ count: 3, firstAt: at(0), lastAt: at(2 * SERIES_WINDOW_MS - 2) });
});

test('a repeat after six minutes begins another', () => {
  const open = createOpenSeries(10);
  const first = open.add(anEvent(), at(0));
  const second = open.add(anEvent(), at(SERIES_WINDOW_MS));
  expect(second).not.toBe(first);
  expect(second.count).toBe(1);
});

test('the state in which the object was found makes no difference, all else does', () => {
  const open = createOpenSeries(10);
  open.add(anEvent(), at(0));
  const { regarding } = anEvent();
  expect(open.add(anEvent({ regarding: { ...regarding, resourceVersion: '2' } }), at(1)).count).toBe(2);
  for (const other of [
    anEvent({ regarding: { ...regarding, uid: 'v' } }),
    anEvent({ reason: 'Refused' }),
    anEvent({ note: 'is not active' }),
    anEvent({ type: 'Warning' }),
    anEvent({ action: 'Revoke' }),
    anEvent({ related: { kind: 'Pod', name: 'p' } }),
  ])
    expect(open.add(other, at(2)).count).toBe(1);
});

test('no more series are remembered than allowed: the one that was heard of longest ago gives way', () => {
  const open = createOpenSeries(2);
  open.add(anEvent({ reason: 'A' }), at(0));
  open.add(anEvent({ reason: 'B' }), at(1));
  open.add(anEvent({ reason: 'A' }), at(2));
  open.add(anEvent({ reason: 'C' }), at(3));
  expect(open.size()).toBe(2);
  expect(open.add(anEvent({ reason: 'A' }), at(4)).count).toBe(3);
  expect(open.add(anEvent({ reason: 'B' }), at(5)).count).toBe(1);
});

test('a series that was ended is not continued', () => {
  const open = createOpenSeries(2);
  open.end(open.add(anEvent(), at(0)));
  expect(open.add(anEvent(), at(1)).count).toBe(1);
});
