import { expect, test } from 'vitest';
import { aClass } from '../testing/builders.ts';
import { judgeClassByItself } from './class-by-itself.ts';

test('a class that says what can be judged by is accepted', () => {
  const namespaceSelector = { matchExpressions: [{ key: 'team', operator: 'Exists' as const }] };
  expect(judgeClassByItself(aClass({ namespaceSelector, requireImageDigest: true, ceiling: {} }))).toEqual(
    [],
  );
});

test('a selector that the API server would not take is named with its path in the class', () => {
  const namespaceSelector = { matchExpressions: [{ key: 'team', operator: 'In' as const }] };
  expect(judgeClassByItself(aClass({ namespaceSelector }))).toEqual([
    {
      code: 'SelectorInvalid',
      path: 'spec.namespaceSelector.matchExpressions[0].values',
      asked: 'In with 0 values',
      allowed: 'at least one value',
      fix: 'correct the selector of the class, or use another class',
    },
  ]);
});

test('so is an expression that does not compile, with the place in it', () => {
  const validations = [
    { expression: 'grant.spec.workload.maxPods < 3' },
    { expression: 'true &&\n  grant.spec.workload.maxpods < 3' },
  ];
  expect(judgeClassByItself(aClass({ validations }))).toEqual([
    {
      code: 'ExpressionInvalid',
      path: 'spec.validations[1].expression',
      asked: 'true &&\n  grant.spec.workload.maxpods < 3',
      allowed: 'No such key: maxpods, at line 2, column 23',
      fix: 'correct the expression: docs/cel.md says what it can use',
    },
  ]);
});
