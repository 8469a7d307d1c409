import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DATE_PARTS,
  dateIn,
  duration,
  parseDuration,
  parseTimestamp,
  renderDuration,
  renderTimestamp,
  timestamp,
} from './time.ts';

const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
const moments = fc
  .tuple(fc.integer({ min: FIRST_SECOND, max: LAST_SECOND }), fc.nat(999_999_999))
  .map(([seconds, fraction]) => ({
    kind: 'timestamp' as const,
    ns: BigInt(seconds) * 1_000_000_000n + BigInt(fraction),
  }));

test('a time is read as it was written', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      expect(parseTimestamp(renderTimestamp(moment))).toEqual(moment);
    }),
  );
});

test('a duration is read as it was written', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (ns) => {
      expect(parseDuration(renderDuration({ kind: 'duration', ns }))).toEqual({ kind: 'duration', ns });
    }),
  );
});

test.each([
  ['1h30m', 5_400_000_000_000n],
  ['-1.5s', -1_500_000_000n],
  ['2ms3us4ns', 2_003_004n],
  ['+1m', 60_000_000_000n],
  ['0', 0n],
])('the duration %s', (text, ns) => {
  expect(parseDuration(text)?.ns).toBe(ns);
});

test.each(['', '-', '1', '1d', 's', '1s ', '1h1', '9999999999h', '1..5s', '1s'.repeat(100)])(
  'no duration: %j',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  '2026-11-23',
  '2026-11-23T09:00:00',
  '2026-13-23T09:00:00Z',
  '2026-11-23 09:00:00Z',
  '2026-11-23T09:00:00+2',
  'now',
])('no time: %s', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('a time with an offset is the moment that it names', () => {
  expect(parseTimestamp('2026-11-23T09:00:00+02:00')).toEqual(parseTimestamp('2026-11-23T07:00:00Z'));
});

test('there is nothing before the year 1, after 9999, nor longer than 292 years', () => {
  expect(timestamp(BigInt(FIRST_SECOND) * 1_000_000_000n - 1n)).toBeUndefined();
  expect(timestamp(BigInt(LAST_SECOND + 1) * 1_000_000_000n)).toBeUndefined();
  expect(duration(2n ** 63n)).toBeUndefined();
});

test('the clock of a zone is put forward, and back', () => {
  const hourAt = (text: string, zone: string) => {
    const moment = parseTimestamp(text);
    const date = moment && dateIn(moment, zone);
    return date && DATE_PARTS.getHours(date);
  };
  expect(hourAt('2026-03-29T00:59:59Z', 'Europe/Berlin')).toBe(1);
  expect(hourAt('2026-03-29T01:00:00Z', 'Europe/Berlin')).toBe(3);
  expect(hourAt('2026-10-25T00:30:00Z', 'Europe/Berlin')).toBe(2);
  expect(hourAt('2026-10-25T01:30:00Z', 'Europe/Berlin')).toBe(2);
  expect(hourAt('2026-10-25T01:30:00Z', '-03:30')).toBe(22);
  expect(hourAt('2026-10-25T01:30:00Z', 'Europe/Nowhere')).toBeUndefined();
});

test('what a moment is asked in UTC is what its text says', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      const date = dateIn(moment, 'UTC');
      const [, year, month, day, hour, minute, second] =
        /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/.exec(renderTimestamp(moment))?.map(Number) ?? [];
      if (!date) throw new Error('every moment is one in UTC');
      const { getFullYear, getMonth, getDate, getHours, getMinutes, getSeconds } = DATE_PARTS;
      const parts = [getFullYear, getMonth, getDate, getHours, getMinutes, getSeconds];
      expect(parts.map((part) => part(date))).toEqual([year, (month ?? 0) - 1, day, hour, minute, second]);
    }),
  );
});
