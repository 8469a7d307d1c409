import { expect, test } from 'vitest';
import { selectorFaults, selects, type LabelSelector } from './label-selector.ts';

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

test.each<[string, LabelSelector]>([
  ['nothing', {}],
  ['a label with its value', { matchLabels: { 'example.com/team': 'agents' } }],
  ['a label without a value', { matchLabels: { team: '' } }],
  ['one of some values', by('In', 'team', 'a', 'b.c_d-e')],
  ['that a label is there', by('Exists', 'a'.repeat(63))],
])('the API server takes a selector for %s', (_, selector) => {
  expect(selectorFaults(selector)).toEqual([]);
});

test.each<[string, LabelSelector, string]>([
  ['In without values', by('In', 'team'), 'matchExpressions[0].values'],
  ['NotIn without values', by('NotIn', 'team'), 'matchExpressions[0].values'],
  ['Exists with a value', by('Exists', 'team', 'a'), 'matchExpressions[0].values'],
  ['DoesNotExist with a value', by('DoesNotExist', 'team', 'a'), 'matchExpressions[0].values'],
  ['a key with a blank', by('Exists', 'my team'), 'matchExpressions[0].key'],
  ['a key that is too long', by('Exists', 'a'.repeat(64)), 'matchExpressions[0].key'],
  ['a key whose prefix is no name of a domain', by('Exists', 'Example_com/team'), 'matchExpressions[0].key'],
  ['a key of three parts', by('Exists', 'a/b/c'), 'matchExpressions[0].key'],
  ['an empty key', by('Exists', ''), 'matchExpressions[0].key'],
  ['a key that is only a prefix', by('Exists', 'example.com/'), 'matchExpressions[0].key'],
  ['a value that ends in a dash', by('In', 'team', 'a', 'b-'), 'matchExpressions[0].values[1]'],
  ['a value that is too long', { matchLabels: { team: 'a'.repeat(64) } }, 'matchLabels[team]'],
  ['a label that is none', { matchLabels: { '-': 'a' } }, 'matchLabels[-]'],
])('it does not take %s', (_, selector, path) => {
  expect(selectorFaults(selector).map((fault) => fault.path)).toEqual([path]);
});
