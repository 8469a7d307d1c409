import { expect, test } from 'vitest';
import { aClass, aGrant } from '../testing/builders.ts';
import type { TaskGrantClassSpec } from '../../api/taskgrantclass.ts';
import { namespaceIsSelected } from './selected-namespace.ts';

const judged = (
  namespaceSelector: TaskGrantClassSpec['namespaceSelector'],
  labels: Record<string, string> | undefined,
) => namespaceIsSelected(aGrant(), aClass(namespaceSelector && { namespaceSelector }, 'readers'), labels);

test('a class without a selector, or with an empty one, is for every namespace', () => {
  expect(judged(undefined, {})).toEqual([]);
  expect(judged({}, { team: 'others' })).toEqual([]);
});

test('a namespace that the class selects is one for its grants', () => {
  expect(judged({ matchLabels: { team: 'agents' } }, { team: 'agents', tier: 'gold' })).toEqual([]);
});

test('another is not, and what would be is said as kubectl takes it', () => {
  const selector = {
    matchLabels: { team: 'agents' },
    matchExpressions: [
      { key: 'tier', operator: 'In' as const, values: ['gold', 'silver'] },
      { key: 'zone', operator: 'NotIn' as const, values: ['dmz'] },
      { key: 'owner', operator: 'Exists' as const },
      { key: 'legacy', operator: 'DoesNotExist' as const },
    ],
  };
  expect(judged(selector, { team: 'agents' })).toEqual([
    {
      code: 'NamespaceNotSelected',
      path: 'metadata.namespace',
      asked: 'agents',
      allowed: 'team=agents,tier in (gold,silver),zone notin (dmz),owner,!legacy',
      fix: 'create the TaskGrant in a namespace that class readers selects, or use another class',
    },
  ]);
});

test('a namespace that is not there is selected by nothing that asks for a label', () => {
  expect(judged({ matchLabels: { team: 'agents' } }, undefined)).toHaveLength(1);
});

test('a selector that makes no sense keeps nobody out: its class is not accepted', () => {
  expect(judged({ matchExpressions: [{ key: 'team', operator: 'In' }] }, { team: 'agents' })).toEqual([]);
});
