import { expect, test } from 'vitest';
import { strictestLevel } from './namespace-label.ts';

test.each([
  [['granted', 'required'], 'required'],
  [[undefined, 'granted'], 'granted'],
  [['misspelt', undefined], 'required'],
  [[undefined, undefined], undefined],
])('of %j the strictest level is %s', (values, level) => {
  expect(strictestLevel(values)).toBe(level);
});
