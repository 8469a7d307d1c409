import { expect, test } from 'vitest';
import { selects, type LabelSelector } from './label-selector.ts';

const labels = { team: 'agents', tier: 'gold' };
const by = (operator: string, key: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key, operator, values }],
});

test.each<[string, LabelSelector, boolean]>([
  ['nothing, which is everything', {}, true],
  ['a label with its value', { matchLabels: { team: 'agents' } }, true],
  ['a label with another value', { matchLabels: { team: 'humans' } }, false],
  ['two labels of which one is another', { matchLabels: { team: 'agents', tier: 'base' } }, false],
  ['a name that every object of JavaScript has', { matchLabels: { constructor: 'x' } }, false],
  ['one of several values', by('In', 'team', 'humans', 'agents'), true],
  ['one of no values', by('In', 'team'), false],
  ['one of several values of a label that is not there', by('In', 'zone', 'a'), false],
  ['none of several values', by('NotIn', 'team', 'agents'), false],
  ['none of several values of a label that is not there', by('NotIn', 'zone', 'a'), true],
  ['that a label is there', by('Exists', 'tier'), true],
  ['that a label is there which is not', by('Exists', 'zone'), false],
  ['that a label is not there', by('DoesNotExist', 'tier'), false],
  ['that a label is not there, and it is not', by('DoesNotExist', 'zone'), true],
  ['something that nobody knows', by('Resembles', 'team', 'agents'), false],
  [
    'two things of which one does not hold',
    { ...by('Exists', 'zone'), matchLabels: { team: 'agents' } },
    false,
  ],
])('a selector asks for %s', (_, selector, expected) => {
  expect(selects(selector, labels)).toBe(expected);
});

test('where there are no labels, only what asks for none holds', () => {
  expect(selects({}, undefined)).toBe(true);
  expect(selects({ matchLabels: { team: 'agents' } }, undefined)).toBe(false);
});
