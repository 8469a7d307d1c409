import { describe, expect, test } from 'vitest';
import type { Namespace } from '../../api/kubernetes.ts';
import { judgeNamespaceLabel, levelOf, strictestLevel } from './namespace-label.ts';

const aNamespace = (level: string | undefined): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'agents', labels: level === undefined ? {} : { 'taskgrant.dev/enforce': level } },
});
const judged = (before: string | undefined, after: string | undefined, activeGrants = 1) =>
  judgeNamespaceLabel(aNamespace(before), aNamespace(after), activeGrants);

test('a level is what the label says, and the strictest where that is no level', () => {
  expect(levelOf('granted')).toBe('granted');
  expect(levelOf(undefined)).toBeUndefined();
  for (const value of ['required', 'strict', '', 'Granted', 'constructor'])
    expect(levelOf(value)).toBe('required');
});

describe('while a grant has rights in a namespace', () => {
  test.each([
    ['granted', undefined, 'no label'],
    ['required', undefined, 'no label'],
    ['granted', 'off', 'off'],
    ['granted', '', ''],
    ['strict', undefined, 'no label'],
  ])('its label does not go from %j to %j', (before, after, asked) => {
    expect(judged(before, after)).toEqual([
      {
        code: 'NamespaceLabelHeld',
        path: 'metadata.labels[taskgrant.dev/enforce]',
        asked,
        allowed: 'granted or required',
        fix: 'revoke the grant of the namespace first, or wait for their end',
      },
    ]);
  });

  test('all of them have to end first', () => {
    expect(judged('granted', undefined, 3)).toMatchObject([
      { fix: expect.stringContaining('revoke the 3 grants of the namespace') as string },
    ]);
  });

  test.each([
    ['granted', 'granted'],
    ['granted', 'required'],
    ['required', 'granted'],
    ['strict', 'granted'],
    ['strict', 'strict'],
    [undefined, 'granted'],
    [undefined, 'strict'],
    [undefined, undefined],
  ])('its label may go from %j to %j', (before, after) => {
    expect(judged(before, after)).toEqual([]);
  });
});

test('where no grant has rights the label goes as it came', () => {
  expect(judged('granted', undefined, 0)).toEqual([]);
});

test('a namespace without labels is one without this label', () => {
  const bare = { ...aNamespace(undefined), metadata: { name: 'agents' } };
  expect(judgeNamespaceLabel(aNamespace('granted'), bare, 1)).toHaveLength(1);
  expect(judgeNamespaceLabel(bare, aNamespace('granted'), 1)).toEqual([]);
});

test.each([
  [['granted', 'required'], 'required'],
  [[undefined, 'granted'], 'granted'],
  [['misspelt', undefined], 'required'],
  [[undefined, undefined], undefined],
])('of %j the strictest level is %s', (values, level) => {
  expect(strictestLevel(values)).toBe(level);
});
