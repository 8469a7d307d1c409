import { expect, test } from 'vitest';
import { mebibytes, microseconds, milliseconds, perSecond, renderTable, times } from './table.ts';

test('columns are as wide as their widest cell, names to the left and numbers to the right', () => {
  expect(
    renderTable(
      ['at a time', 'p50'],
      [
        ['1', '4.21 ms'],
        ['32 of them', '61.00 ms'],
      ],
    ),
  ).toBe(
    ['at a time        p50', '──────────  ────────', '1            4.21 ms', '32 of them  61.00 ms'].join(
      '\n',
    ),
  );
});

test('a row may be shorter than the head', () => {
  expect(renderTable(['a', 'b'], [['x']])).toBe('a  b\n─  ─\nx');
});

test('times are written with the digits that mean something', () => {
  expect([0.004, 4.2149, 99.94, 99.95, 184.4, 9_999.4, 10_018].map(milliseconds)).toEqual([
    '0.00 ms',
    '4.21 ms',
    '99.94 ms',
    '100 ms',
    '184 ms',
    '9999 ms',
    '10.02 s',
  ]);
});

test('what takes less than a millisecond is written in microseconds', () => {
  expect([0.0342, 0.0999, 0.3504, 0.9996].map(microseconds)).toEqual([
    '34.2 µs',
    '99.9 µs',
    '350 µs',
    '1.00 ms',
  ]);
});

test('ratios, rates and sizes carry their unit', () => {
  expect(times(0.333)).toBe('0.33 ×');
  expect([7.25, 512.4].map(perSecond)).toEqual(['7.3', '512']);
  expect(mebibytes(200 * 2 ** 20)).toBe('200 MiB');
});
